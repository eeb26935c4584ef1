package io.github.pastkv.tensor;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * How the numbers of one printing are written so that they stand in columns: numpy's rules for float32, with its
 * {@code suppress} unless all numbers are small. Digits are the
 * fewest that tell a float from its neighbors, rounded (from the exact value, ties to even) to a precision.
 */
final class NumberFormat {
    private static final float SCIENTIFIC_FROM = 1e6f;
    private static final float ALL_SMALL = 0.001f;
    private static final float SMALL = 0.0001f;

    private final boolean integers;
    private final boolean scientific;
    private int precision; // digits after the point, at most; in scientific notation of every number
    private int leftWidth; // characters before the point, with the sign
    private int rightWidth; // characters after the point
    private int exponentDigits;

    private NumberFormat(boolean integers, boolean scientific, int precision) {
        this.integers = integers;
        this.scientific = scientific;
        this.precision = precision;
    }

    static NumberFormat ofIntegers(float[] numbers) {
        NumberFormat format = new NumberFormat(true, false, 0);
        for (float number : numbers) {
            format.leftWidth = Math.max(format.leftWidth, Integer.toString((int) number).length());
        }
        return format;
    }

    static NumberFormat ofFloats(float[] numbers, int precision) {
        NumberFormat format = new NumberFormat(false, isScientific(numbers), precision);
        format.measure(numbers);
        return format;
    }

    private static boolean isScientific(float[] numbers) {
        float greatest = 0;
        float least = Float.POSITIVE_INFINITY;
        for (float number : numbers) {
            if (Float.isFinite(number) && number != 0) {
                greatest = Math.max(greatest, Math.abs(number));
                least = Math.min(least, Math.abs(number));
            }
        }
        return greatest >= SCIENTIFIC_FROM || (greatest < ALL_SMALL && least < SMALL);
    }

    private void measure(float[] numbers) {
        int fractionDigits = 0;
        int nonFiniteWidth = 0;
        boolean anyFinite = false;
        for (float number : numbers) {
            if (!Float.isFinite(number)) {
                nonFiniteWidth = Math.max(nonFiniteWidth, nonFinite(number).length());
                continue;
            }
            anyFinite = true;
            String text = scientific ? significand(number) : positional(number);
            leftWidth = Math.max(leftWidth, text.indexOf('.'));
            fractionDigits = Math.max(fractionDigits, text.length() - text.indexOf('.') - 1);
            exponentDigits = Math.max(exponentDigits, Integer.toString(Math.abs(exponent(number))).length());
        }
        exponentDigits = Math.max(exponentDigits, 2);
        rightWidth = fractionDigits;
        if (scientific) {
            precision = fractionDigits;
            rightWidth += exponentDigits + 2; // e, sign, digits
        }
        int minWidth = anyFinite ? nonFiniteWidth - rightWidth - 1 : nonFiniteWidth - 1;
        leftWidth = Math.max(leftWidth, minWidth);
    }

    /** A number, as wide as all. */
    String format(float number) {
        if (integers) {
            return padLeft(Integer.toString((int) number), leftWidth);
        }
        if (!Float.isFinite(number)) {
            return padLeft(nonFinite(number), leftWidth + rightWidth + 1);
        }
        String text = scientific ? withExponent(number) : positional(number);
        int point = text.indexOf('.');
        String padded = " ".repeat(leftWidth - point) + text;
        return padded + " ".repeat(leftWidth + rightWidth + 1 - padded.length());
    }

    private static String padLeft(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private static String nonFinite(float number) {
        return Float.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
    }

    private static String sign(float number) {
        return Float.floatToRawIntBits(number) < 0 ? "-" : "";
    }

    private String positional(float number) {
        BigDecimal digits = shortest(number);
        if (digits.scale() > precision) {
            digits = new BigDecimal(Math.abs(number)).setScale(precision, RoundingMode.HALF_EVEN).stripTrailingZeros();
        }
        String text = digits.toPlainString();
        return sign(number) + text + (text.indexOf('.') < 0 ? "." : "");
    }

    private String withExponent(float number) {
        String text = significand(number);
        int exponent = exponent(number);
        int fractionDigits = text.length() - text.indexOf('.') - 1;
        String digits = Integer.toString(Math.abs(exponent));
        return text + "0".repeat(precision - fractionDigits) + (exponent < 0 ? "e-" : "e+")
                + "0".repeat(exponentDigits - digits.length()) + digits;
    }

    private String significand(float number) {
        String digits = significant(number).unscaledValue().toString();
        return sign(number) + digits.charAt(0) + "." + digits.substring(1);
    }

    private int exponent(float number) {
        BigDecimal digits = significant(number);
        return number == 0 ? 0 : digits.precision() - digits.scale() - 1;
    }

    private BigDecimal significant(float number) {
        BigDecimal digits = shortest(number);
        if (digits.precision() > precision + 1) {
            return new BigDecimal(Math.abs(number)).round(new MathContext(precision + 1, RoundingMode.HALF_EVEN))
                    .stripTrailingZeros();
        }
        return digits;
    }

    /** The fewest digits that give the float back. Java writes two where one does for the smallest numbers. */
    private static BigDecimal shortest(float number) {
        BigDecimal digits = new BigDecimal(Float.toString(Math.abs(number))).stripTrailingZeros();
        BigDecimal single = digits.round(new MathContext(1));
        return single.floatValue() == Math.abs(number) ? single : digits;
    }
}
