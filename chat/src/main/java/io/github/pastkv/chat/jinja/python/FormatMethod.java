package io.github.pastkv.chat.jinja.python;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Formatting of strings by {@code str.format}, and what it shares with {@link PercentFormat}. */
public final class FormatMethod {
    private static final Pattern FIELD = Pattern.compile("\\{\\{|}}|\\{(?<name>\\w*)(?:!(?<conversion>[rs]))?"
            + "(?::(?<align>[<>^])?(?<zero>0?)(?<width>\\d*)(?:\\.(?<precision>\\d+))?(?<type>[sdf]?))?}|[{}]");

    private FormatMethod() {}

    static int boundedWidth(String digits) {
        if (digits.length() > 6) {
            throw new TemplateError("a width of " + digits + " is too large");
        }
        return Integer.parseInt(digits);
    }

    static String cut(String text, int length) {
        return length < 0 || length >= Text.length(text) ? text : Text.substring(text, 0, length);
    }

    public static String fixed(double value, int digits) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Numbers.repr(value);
        }
        String text = new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
        boolean isNegativeZero = (value < 0 || 1 / value < 0) && !text.startsWith("-");
        return isNegativeZero ? "-" + text : text;
    }

    static String aligned(String text, int width, char align, boolean fillsZeros) {
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
