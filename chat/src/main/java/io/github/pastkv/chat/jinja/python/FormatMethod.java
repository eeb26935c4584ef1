package io.github.pastkv.chat.jinja.python;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Formatting of strings: the operator {@code %}, and {@code str.format}. */
public final class FormatMethod {
    private static final Pattern PERCENT =
            Pattern.compile(
                    "%(?:\\((?<key>[^)]*)\\))?(?<flags>[-+ 0#]*)(?<width>\\d*)(?:\\.(?<precision>\\d*))?(?<type>.)",
                    Pattern.DOTALL);
    private static final Pattern FIELD = Pattern.compile("\\{\\{|}}|\\{(?<name>\\w*)(?:!(?<conversion>[rs]))?"
            + "(?::(?<align>[<>^])?(?<zero>0?)(?<width>\\d*)(?:\\.(?<precision>\\d+))?(?<type>[sdf]?))?}|[{}]");

    private FormatMethod() {}

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
        int width = matcher.group("width").isEmpty() ? 0 : boundedWidth(matcher.group("width"));
        String precision = matcher.group("precision");
        int digits = precision == null ? -1 : precision.isEmpty() ? 0 : boundedWidth(precision);
        String text = switch (matcher.group("type")) {
            case "s" -> cut(Python.str(value), digits);
            case "r" -> cut(Python.repr(value), digits);
            case "d", "i", "u" -> signed(flags, Numbers.big(truncated(value)).toString());
            case "f", "F" -> signed(flags, fixed(Numbers.toDouble(requireNumber(value)), digits < 0 ? 6 : digits));
            case "x" -> signed(flags, Numbers.big(value).toString(16));
            case "X" -> signed(flags, Numbers.big(value).toString(16).toUpperCase(Locale.ROOT));
            case "o" -> signed(flags, Numbers.big(value).toString(8));
            default -> throw new TemplateError("the format %" + matcher.group("type") + " is not supported");
        };
        if (flags.contains("#")) {
            throw new TemplateError("the format flag # is not supported");
        }
        boolean isNumber = !matcher.group("type").equals("s") && !matcher.group("type").equals("r");
        return aligned(text, width, flags.contains("-") ? '<' : '>', isNumber && flags.contains("0")
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

    private static int boundedWidth(String digits) {
        if (digits.length() > 6) {
            throw new TemplateError("a width of " + digits + " is too large");
        }
        return Integer.parseInt(digits);
    }

    private static String cut(String text, int length) {
        return length < 0 || length >= Text.length(text) ? text : Text.substring(text, 0, length);
    }

    private static String signed(String flags, String number) {
        if (number.startsWith("-")) {
            return number;
        }
        return flags.contains("+") ? "+" + number : flags.contains(" ") ? " " + number : number;
    }

    public static String fixed(double value, int digits) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Numbers.repr(value);
        }
        String text = new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
        boolean isNegativeZero = (value < 0 || 1 / value < 0) && !text.startsWith("-");
        return isNegativeZero ? "-" + text : text;
    }

    private static String aligned(String text, int width, char align, boolean fillsZeros) {
        int missing = width - Text.length(text);
        if (missing <= 0) {
            return text;
        }
        if (fillsZeros) {
            int sign = text.startsWith("-") || text.startsWith("+") || text.startsWith(" ") ? 1 : 0;
            return text.substring(0, sign) + StringMethods.repeat("0", missing) + text.substring(sign);
        }
        int left = align == '<' ? 0 : align == '>' ? missing : missing / 2;
        return StringMethods.repeat(" ", left) + text + StringMethods.repeat(" ", missing - left);
    }

    /** {@code str.format} with fields by number or name, without attributes; types s, d and f. */
    public static String format(String format, Arguments arguments) {
        Matcher matcher = FIELD.matcher(format);
        StringBuilder result = new StringBuilder();
        int from = 0;
        int automatic = 0;
        while (matcher.find()) {
            result.append(format, from, matcher.start());
            from = matcher.end();
            String field = matcher.group();
            if (field.equals("{{") || field.equals("}}")) {
                result.append(field.charAt(0));
            } else if (field.length() == 1) {
                throw new TemplateError("the format " + Text.repr(format) + " is not supported");
            } else {
                String name = matcher.group("name").isEmpty() ? String.valueOf(automatic++) : matcher.group("name");
                result.append(field(matcher, value(arguments, name)));
            }
        }
        return Budget.counted(result.append(format, from, format.length()).toString());
    }

    private static Object value(Arguments arguments, String name) {
        boolean isNumber = name.chars().allMatch(Character::isDigit);
        if (isNumber && boundedWidth(name) < arguments.positional().size()) {
            return arguments.positional().get(boundedWidth(name));
        }
        Object value = arguments.named().get(name);
        if (isNumber || value == null) {
            throw new TemplateError("format() has no argument " + Text.repr(name));
        }
        return value;
    }

    private static String field(Matcher matcher, Object value) {
        String conversion = matcher.group("conversion");
        Object converted = conversion == null ? value : conversion.equals("r") ? Python.repr(value) : Python.str(value);
        String type = matcher.group("type") == null ? "" : matcher.group("type");
        String precision = matcher.group("precision");
        boolean isNumber = Numbers.isNumber(converted) && !(converted instanceof Boolean && type.isEmpty());
        if (isNumber ? type.equals("s") || (type.isEmpty() && precision != null)
                : type.equals("d") || type.equals("f")) {
            throw new TemplateError("the format " + matcher.group() + " of a " + Python.typeName(converted)
                    + " is not supported");
        }
        String text = type.equals("f")
                ? fixed(Numbers.toDouble(converted), precision == null ? 6 : boundedWidth(precision))
                : cut(Python.str(converted), precision == null || isNumber ? -1 : boundedWidth(precision));
        String width = matcher.group("width");
        String align = matcher.group("align");
        return width == null || width.isEmpty()
                ? text
                : aligned(text, boundedWidth(width), align == null ? isNumber ? '>' : '<' : align.charAt(0),
                        isNumber && align == null && matcher.group("zero").equals("0"));
    }
}
