package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Text;
import io.github.pastkv.chat.jinja.python.Undefined;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

/** The filters that make numbers. */
final class Conversions {
    private static final Pattern INTEGER = Pattern.compile("[+-]?\\d+(_\\d+)*");
    private static final Pattern REAL =
            Pattern.compile("[+-]?(\\d+(_\\d+)*\\.?(\\d+(_\\d+)*)?|\\.\\d+(_\\d+)*)([eE][+-]?\\d+)?");

    private static final int MAX_PRECISION = 300;

    private Conversions() {}

    static Object toInteger(Object value, Arguments.Bound bound) {
        Object absent = bound.get("default", 0L);
        if (bound.integer("base", 10) != 10) {
            throw new TemplateError("int() with another base than 10 is not supported");
        }
        if (Python.isText(value)) {
            String text = Text.strip(Python.str(value));
            if (INTEGER.matcher(text).matches()) {
                return Numbers.integer(new BigInteger(text.replace("_", "").replace("+", "")));
            }
            return truncated(REAL.matcher(text).matches() ? real(text) : Double.NaN, absent);
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        return value instanceof Double real
                ? truncated(real, absent)
                : Numbers.isInteger(value) ? Numbers.integer(Numbers.big(value)) : absent;
    }

    private static double real(String text) {
        return Double.parseDouble(text.replace("_", ""));
    }

    private static Object truncated(double value, Object absent) {
        return Double.isNaN(value) || Double.isInfinite(value)
                ? absent
                : Numbers.integer(new BigDecimal(value).toBigInteger());
    }

    static Object toReal(Object value, Arguments.Bound bound) {
        Object absent = bound.get("default", 0.0);
        if (Python.isText(value)) {
            String text = Text.strip(Python.str(value));
            return REAL.matcher(text).matches() ? (Object) real(text) : named(text, absent);
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        return Numbers.isNumber(value) ? (Object) Numbers.toDouble(value) : absent;
    }

    private static Object named(String text, Object absent) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "nan", "+nan", "-nan" -> Double.NaN;
            case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
            case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
            default -> absent;
        };
    }

    static Object round(Object value, Arguments.Bound bound) {
        int precision = bound.integer("precision", 0);
        String method = bound.text("method", "common");
        if (!Numbers.isNumber(value)) {
            throw Python.firstUndefined(value, value,
                    new TemplateError("type " + Python.typeName(value) + " doesn't define __round__ method"));
        }
        if (Math.abs(precision) > MAX_PRECISION) {
            throw new TemplateError(
                    "round: precision " + precision + ", at most " + MAX_PRECISION + " places are rounded");
        }
        if (method.equals("common")) {
            return value instanceof Double real
                    ? Numbers.round(real, precision)
                    : precision >= 0 ? integer(value) : Numbers.integer(rounded(value, precision));
        }
        if (!method.equals("ceil") && !method.equals("floor")) {
            throw new TemplateError("method must be common, ceil or floor");
        }
        double scale = StrictMath.pow(10, precision);
        double scaled = Numbers.toDouble(value) * scale;
        return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
    }

    private static Object integer(Object value) {
        return Numbers.integer(Numbers.big(value));
    }

    private static BigInteger rounded(Object integer, int precision) {
        return new BigDecimal(Numbers.big(integer)).setScale(precision, RoundingMode.HALF_EVEN).toBigInteger();
    }
}
