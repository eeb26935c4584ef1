package io.github.pastkv.chat.jinja.python;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of strings. */
public final class StringMethods {
    private StringMethods() {}

    /** A method of this string, or null if there is none of that name. */
    public static @Nullable Function find(String text, String name) {
        return switch (name) {
            case "strip" -> arguments -> Budget.counted(strip(text, arguments, true, true));
            case "lstrip" -> arguments -> Budget.counted(strip(text, arguments, true, false));
            case "rstrip" -> arguments -> Budget.counted(strip(text, arguments, false, true));
            case "lower" -> arguments -> plain(name, arguments, text.toLowerCase(Locale.ROOT));
            case "upper" -> arguments -> plain(name, arguments, text.toUpperCase(Locale.ROOT));
            case "title" -> arguments -> plain(name, arguments, Text.title(text));
            case "capitalize" -> arguments -> plain(name, arguments, Text.capitalize(text));
            case "swapcase" -> arguments -> plain(name, arguments, Text.swapCase(text));
            case "startswith" -> arguments -> startsOrEnds(text, arguments, true);
            case "endswith" -> arguments -> startsOrEnds(text, arguments, false);
            case "split" -> arguments -> split(text, arguments);
            case "rsplit" -> arguments -> splitFromEnd(text, arguments);
            case "splitlines" -> arguments -> Text.lines(text,
                    arguments.bind(name, "keepends").isTrue("keepends", false));
            case "partition" -> arguments -> partition(text, arguments, false);
            case "rpartition" -> arguments -> partition(text, arguments, true);
            case "replace" -> arguments -> {
                Arguments.Bound bound = arguments.bind(name, "old", "new", "count");
                return replace(text, required(bound, "old"), required(bound, "new"), bound.integer("count", -1));
            };
            case "removeprefix" -> arguments -> {
                String prefix = required(arguments.bind(name, "prefix"), "prefix");
                return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
            };
            case "removesuffix" -> arguments -> {
                String suffix = required(arguments.bind(name, "suffix"), "suffix");
                return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
            };
            case "join" -> arguments -> join(text, arguments.bind(name, "iterable").require("iterable"));
            case "find", "rfind", "index", "rindex" -> arguments -> find(text, name, arguments);
            case "count" -> arguments -> count(text, required(arguments.bind(name, "sub"), "sub"));
            case "format" -> arguments -> FormatMethod.format(text, arguments);
            case "zfill" -> arguments -> zeroFill(text, Numbers.toInt(arguments.bind(name, "width").require("width")));
            case "ljust", "rjust", "center" -> arguments -> pad(text, name, arguments);
            case "expandtabs" -> arguments -> expandTabs(text, arguments.bind(name, "tabsize").integer("tabsize", 8));
            default -> name.startsWith("is") ? predicate(text, name) : null;
        };
    }

    private static String plain(String name, Arguments arguments, String result) {
        arguments.bind(name);
        return Budget.counted(result);
    }

    private static String required(Arguments.Bound bound, String parameter) {
        return Python.requireText(bound.require(parameter), bound.callee() + "() argument '" + parameter + "'");
    }

    private static String strip(String text, Arguments arguments, boolean start, boolean end) {
        Object chars = arguments.bind("strip", "chars").get("chars", None.NONE);
        IntPredicate isStripped = chars instanceof None
                ? Text::isSpace
                : c -> Python.requireText(chars, "strip() argument 'chars'").indexOf(c) >= 0;
        String stripped = start ? Text.stripStart(text, isStripped) : text;
        return end ? Text.stripEnd(stripped, isStripped) : stripped;
    }

    private static boolean startsOrEnds(String text, Arguments arguments, boolean starts) {
        Arguments.Bound bound =
                arguments.bind(starts ? "startswith" : "endswith", "prefix", "start", "end");
        String part = slice(text, bound);
        List<Object> options = bound.require("prefix") instanceof Tuple several
                ? several.items()
                : List.of(required(bound, "prefix"));
        return options.stream().map(option -> Python.requireText(option, "startswith() argument"))
                .anyMatch(option -> starts ? part.startsWith(option) : part.endsWith(option));
    }

    private static String slice(String text, Arguments.Bound bound) {
        int length = Text.length(text);
        int from = clamp(bound.integer("start", 0), length);
        return Text.substring(text, from, Math.max(from, clamp(bound.integer("end", length), length)));
    }

    public static int clamp(int index, int length) {
        return Math.clamp(index < 0 ? (long) index + length : index, 0, length);
    }

    private static List<Object> split(String text, Arguments arguments) {
        Arguments.Bound bound = arguments.bind("split", "sep", "maxsplit");
        int limit = bound.integer("maxsplit", -1);
        if (bound.get("sep", None.NONE) instanceof None) {
            return splitAtSpace(text, limit);
        }
        String separator = nonEmpty(required(bound, "sep"));
        List<Object> parts = new ArrayList<>();
        int from = 0;
        int at = text.indexOf(separator);
        while (at >= 0 && parts.size() != limit) {
            parts.add(text.substring(from, at));
            Budget.step(1);
            from = at + separator.length();
            at = text.indexOf(separator, from);
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static String nonEmpty(String separator) {
        if (separator.isEmpty()) {
            throw new TemplateError("empty separator");
        }
        return separator;
    }

    private static List<Object> splitAtSpace(String text, int limit) {
        List<Object> parts = new ArrayList<>();
        String rest = Text.stripStart(text);
        while (!rest.isEmpty() && parts.size() != limit) {
            int end = 0;
            while (end < rest.length() && !Text.isSpace(rest.charAt(end))) {
                end++;
            }
            parts.add(rest.substring(0, end));
            Budget.chars(rest.length());
            rest = Text.stripStart(rest.substring(end));
        }
        if (!rest.isEmpty()) {
            parts.add(rest);
        }
        return parts;
    }

    private static List<Object> splitFromEnd(String text, Arguments arguments) {
        Arguments.Bound bound = arguments.bind("rsplit", "sep", "maxsplit");
        int limit = bound.integer("maxsplit", -1);
        if (limit < 0) {
            return split(text, arguments);
        }
        if (bound.get("sep", None.NONE) instanceof None) {
            throw new TemplateError("rsplit() without a separator is not supported");
        }
        String separator = nonEmpty(required(bound, "sep"));
        List<Object> parts = new ArrayList<>();
        String rest = text;
        int at = rest.lastIndexOf(separator);
        while (at >= 0 && parts.size() < limit) {
            parts.addFirst(rest.substring(at + separator.length()));
            Budget.chars(rest.length());
            rest = rest.substring(0, at);
            at = rest.lastIndexOf(separator);
        }
        parts.addFirst(rest);
        return parts;
    }

    private static Tuple partition(String text, Arguments arguments, boolean fromEnd) {
        String separator = nonEmpty(required(arguments.bind("partition", "sep"), "sep"));
        int at = fromEnd ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            return fromEnd ? new Tuple("", "", text) : new Tuple(text, "", "");
        }
        return new Tuple(text.substring(0, at), separator, text.substring(at + separator.length()));
    }

    /** {@code str.replace}; a negative count means all. */
    public static String replace(String text, String old, String with, int count) {
        int limit = count < 0 ? Integer.MAX_VALUE : count;
        StringBuilder result = new StringBuilder();
        int from = 0;
        int at = old.isEmpty() ? 0 : text.indexOf(old);
        for (int done = 0; at >= 0 && at <= text.length() && done < limit; done++) {
            Budget.chars(at - from + with.length());
            result.append(text, from, at).append(with);
            from = at + old.length();
            int next = old.isEmpty() && at < text.length() ? at + Character.charCount(text.codePointAt(at)) : at + 1;
            at = old.isEmpty() ? next : text.indexOf(old, from);
        }
        return Budget.counted(result.append(text, from, text.length()).toString());
    }

    private static String join(String separator, Object items) {
        StringBuilder result = new StringBuilder();
        boolean isFirst = true;
        for (Object item : Python.items(items)) {
            String text = Python.requireText(item, "an item of join()");
            Budget.chars(separator.length() + (long) text.length());
            result.append(isFirst ? "" : separator).append(text);
            isFirst = false;
        }
        return result.toString();
    }

    private static Object find(String text, String name, Arguments arguments) {
        Arguments.Bound bound = arguments.bind(name, "sub", "start", "end");
        String part = required(bound, "sub");
        String searched = slice(text, bound);
        int found = name.startsWith("r") ? searched.lastIndexOf(part) : searched.indexOf(part);
        if (found < 0 && name.endsWith("index")) {
            throw new TemplateError("substring not found");
        }
        int from = clamp(bound.integer("start", 0), Text.length(text));
        return found < 0 ? -1L : (long) from + searched.codePointCount(0, found);
    }

    private static Object count(String text, String part) {
        if (part.isEmpty()) {
            return Text.length(text) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static String zeroFill(String text, int width) {
        int missing = width - Text.length(text);
        int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
        return missing <= 0 ? text : text.substring(0, sign) + repeat("0", missing) + text.substring(sign);
    }

    /** {@code text} so many times; nothing for a negative count. */
    public static String repeat(String text, long count) {
        long length = Math.max(0, count) * text.length();
        if (count > Integer.MAX_VALUE && !text.isEmpty()) {
            length = Long.MAX_VALUE;
        }
        Budget.chars(length > Integer.MAX_VALUE ? -1 : length);
        return text.isEmpty() ? "" : text.repeat((int) Math.max(0, count));
    }

    private static String pad(String text, String name, Arguments arguments) {
        Arguments.Bound bound = arguments.bind(name, "width", "fillchar");
        String fill = bound.text("fillchar", " ");
        if (Text.length(fill) != 1) {
            throw new TemplateError("the fill character must be exactly one character long");
        }
        int width = Numbers.toInt(bound.require("width"));
        int missing = Math.max(0, width - Text.length(text));
        int left = switch (name) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & width & 1);
        };
        return repeat(fill, left) + text + repeat(fill, missing - left);
    }

    private static String expandTabs(String text, int size) {
        StringBuilder result = new StringBuilder();
        int column = 0;
        for (int c : text.codePoints().toArray()) {
            if (c == '\t') {
                int count = size <= 0 ? 0 : size - column % size;
                result.append(repeat(" ", count));
                column += count;
            } else {
                result.appendCodePoint(c);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
        }
        return Budget.counted(result.toString());
    }

    private static @Nullable Function predicate(String text, String name) {
        IntPredicate test = switch (name) {
            case "isalpha" -> Character::isLetter;
            case "isdecimal" -> Character::isDigit;
            case "isdigit" -> Numbers::isDigit;
            case "isnumeric" -> Numbers::isNumeric;
            case "isalnum" -> c -> Character.isLetter(c) || Numbers.isNumeric(c);
            case "isspace" -> Text::isSpace;
            case "isascii" -> c -> c < 128;
            case "isprintable" -> Text::isPrintable;
            case "islower" -> c -> !Character.isUpperCase(c) && !Character.isTitleCase(c);
            case "isupper" -> c -> !Character.isLowerCase(c) && !Character.isTitleCase(c);
            default -> null;
        };
        if (test == null) {
            return null;
        }
        boolean isTrueOfNothing = name.equals("isascii") || name.equals("isprintable");
        boolean needsCase = name.equals("islower") || name.equals("isupper");
        return arguments -> {
            arguments.bind(name);
            return (isTrueOfNothing || !text.isEmpty()) && text.codePoints().allMatch(test)
                    && (!needsCase || text.codePoints().anyMatch(Text::isCased));
        };
    }
}
