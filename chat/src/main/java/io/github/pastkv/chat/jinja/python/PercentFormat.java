package io.github.pastkv.chat.jinja.python;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Formatting of strings by the operator {@code %}. */
public final class PercentFormat {
    private static final Pattern PERCENT =
            Pattern.compile(
                    "%(?:\\((?<key>[^)]*)\\))?(?<flags>[-+ 0#]*)(?<width>\\d*)(?:\\.(?<precision>\\d*))?(?<type>.)",
                    Pattern.DOTALL);

    private PercentFormat() {}

    /** {@code format % values}. */
    public static String percent(String format, Object values) {
        boolean isMapping = values instanceof Map || values instanceof List || values instanceof PyRange;
        Iterator<Object> next =
                values instanceof Tuple tuple ? tuple.items().iterator() : List.of(values).iterator();
        Matcher matcher = PERCENT.matcher(format);
        StringBuilder result = new StringBuilder();
        int from = 0;
        while (matcher.find(from)) {
            result.append(format, from, matcher.start());
            from = matcher.end();
            if (matcher.group("type").equals("%")) {
                result.append('%');
                continue;
            }
            if (!next.hasNext() && matcher.group("key") == null) {
                throw new TemplateError("not enough arguments for format string");
            }
            Object value = matcher.group("key") == null ? next.next() : keyed(values, matcher.group("key"));
            result.append(formatted(matcher, value));
        }
        if (format.indexOf('%', from) >= 0) {
            throw new TemplateError("incomplete format");
        }
        if (next.hasNext() && !isMapping) {
            throw new TemplateError("not all arguments converted during string formatting");
        }
        return Budget.counted(result.append(format, from, format.length()).toString());
    }

    private static Object keyed(Object values, String key) {
        if (!(values instanceof Map<?, ?> map) || !map.containsKey(key)) {
            throw new TemplateError("format requires a mapping with the key " + Text.repr(key));
        }
        return map.get(key);
    }

    private static String formatted(Matcher matcher, Object value) {
        String flags = matcher.group("flags");
        int width = matcher.group("width").isEmpty() ? 0 : FormatMethod.boundedWidth(matcher.group("width"));
        String precision = matcher.group("precision");
        int digits = precision == null ? -1 : precision.isEmpty() ? 0 : FormatMethod.boundedWidth(precision);
        String text = switch (matcher.group("type")) {
            case "s" -> FormatMethod.cut(Python.str(value), digits);
            case "r" -> FormatMethod.cut(Python.repr(value), digits);
            case "d", "i", "u" -> signed(flags, Numbers.big(truncated(value)).toString());
            case "f", "F" -> signed(flags,
                    FormatMethod.fixed(Numbers.toDouble(requireNumber(value)), digits < 0 ? 6 : digits));
            case "x" -> signed(flags, Numbers.big(value).toString(16));
            case "X" -> signed(flags, Numbers.big(value).toString(16).toUpperCase(Locale.ROOT));
            case "o" -> signed(flags, Numbers.big(value).toString(8));
            default -> throw new TemplateError("the format %" + matcher.group("type") + " is not supported");
        };
        if (flags.contains("#")) {
            throw new TemplateError("the format flag # is not supported");
        }
        boolean isNumber = !matcher.group("type").equals("s") && !matcher.group("type").equals("r");
        return FormatMethod.aligned(text, width, flags.contains("-") ? '<' : '>', isNumber && flags.contains("0")
                && !flags.contains("-"));
    }

    private static Object requireNumber(Object value) {
        if (!Numbers.isNumber(value)) {
            throw new TemplateError("must be real number, not " + Python.typeName(value));
        }
        return value;
    }

    private static Object truncated(Object value) {
        return requireNumber(value) instanceof Double real
                ? Numbers.integer(new BigDecimal(real).toBigInteger())
                : value;
    }

    private static String signed(String flags, String number) {
        if (number.startsWith("-")) {
            return number;
        }
        return flags.contains("+") ? "+" + number : flags.contains(" ") ? " " + number : number;
    }
}
