package io.github.pastkv.chat.jinja.python;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** Python's view of strings: by code points, with its white space, cases and notation. */
public final class Text {
    /** A code point that is no character. Filters leave it as it is. */
    public static final char BREAK = '\uFDD0';

    private Text() {}

    public static boolean isSpace(int c) {
        return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F
                || c == 0x3000;
    }

    /** Whether there is white space only, and some of it. */
    public static boolean isSpace(String text) {
        return !text.isEmpty() && text.chars().allMatch(Text::isSpace);
    }

    public static String strip(String text) {
        return stripEnd(stripStart(text));
    }

    public static String stripStart(String text) {
        return stripStart(text, Text::isSpace);
    }

    public static String stripEnd(String text) {
        return stripEnd(text, Text::isSpace);
    }

    public static String stripStart(String text, IntPredicate isStripped) {
        int from = 0;
        while (from < text.length() && isStripped.test(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        return text.substring(from);
    }

    public static String stripEnd(String text, IntPredicate isStripped) {
        int to = text.length();
        while (to > 0 && isStripped.test(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(0, to);
    }

    /** Length in code points. */
    public static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Code points {@code [from, to)}. */
    public static String substring(String text, int from, int to) {
        int begin = text.offsetByCodePoints(0, from);
        return text.substring(begin, text.offsetByCodePoints(begin, to - from));
    }

    /** Each code point as a string. */
    public static List<Object> characters(String text) {
        List<Object> characters = new ArrayList<>(text.length());
        text.codePoints().forEach(c -> characters.add(Character.toString(c)));
        return characters;
    }

    public static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.codePointAt(0));
        return titleCase(text.substring(0, first)) + text.substring(first).toLowerCase(Locale.ROOT);
    }

    /** {@code str.title}: every letter that follows no letter is capitalized. */
    public static String title(String text) {
        StringBuilder result = new StringBuilder();
        boolean isInWord = false;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            String one = Character.toString(text.codePointAt(i));
            result.append(isInWord ? one.toLowerCase(Locale.ROOT) : titleCase(one));
            isInWord = isCased(text.codePointAt(i));
        }
        return result.toString();
    }

    private static String titleCase(String one) {
        String upper = one.toUpperCase(Locale.ROOT);
        int title = Character.toTitleCase(one.codePointAt(0));
        boolean hasOne = upper.length() == one.length() || title != one.codePointAt(0)
                || Character.isTitleCase(title);
        return hasOne ? Character.toString(title) : capitalizeExpanded(upper);
    }

    /** As Unicode's SpecialCasing: an apostrophe is no letter, and an iota below stays below. */
    private static String capitalizeExpanded(String upper) {
        if (!Character.isUpperCase(upper.charAt(0)) || upper.charAt(0) == '\u02bc') {
            return upper;
        }
        String rest = upper.substring(1).toLowerCase(Locale.ROOT);
        boolean isGreek = Character.UnicodeScript.of(upper.charAt(0)).equals(Character.UnicodeScript.GREEK);
        return upper.charAt(0) + (isGreek ? rest.replace('\u03b9', '\u0345') : rest);
    }

    public static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    public static String swapCase(String text) {
        StringBuilder result = new StringBuilder();
        text.codePoints().forEach(c -> result.append(Character.isUpperCase(c)
                ? Character.toString(c).toLowerCase(Locale.ROOT)
                : Character.isLowerCase(c)
                        ? Character.toString(c).toUpperCase(Locale.ROOT)
                        : Character.toString(c)));
        return result.toString();
    }

    /** Lines, without their ends unless {@code keepEnds}. */
    public static List<Object> lines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            if (isLineEnd(text.charAt(i))) {
                int end = text.startsWith("\r\n", i) ? i + 2 : i + 1;
                lines.add(text.substring(from, keepEnds ? end : i));
                from = end;
                i = end - 1;
            }
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        return lines;
    }

    private static boolean isLineEnd(char c) {
        return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    /** As Python writes a string. */
    public static String repr(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder result = new StringBuilder().append(quote);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> result.append("\\n");
                case '\r' -> result.append("\\r");
                case '\t' -> result.append("\\t");
                case '\\' -> result.append("\\\\");
                default -> {
                    if (c == quote) {
                        result.append('\\').append(quote);
                    } else if (isPrintable(c)) {
                        result.appendCodePoint(c);
                    } else {
                        result.append(escaped(c));
                    }
                }
            }
        });
        return result.append(quote).toString();
    }

    private static String escaped(int c) {
        return c < 0x100
                ? String.format(Locale.ROOT, "\\x%02x", c)
                : c < 0x10000 ? String.format(Locale.ROOT, "\\u%04x", c) : String.format(Locale.ROOT, "\\U%08x", c);
    }

    public static boolean isPrintable(int c) {
        return c == ' ' || switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }

    /** The value of what stands between the quotes of a string. */
    public static String unescape(String literal) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder result = new StringBuilder();
        int i = 0;
        while (i < literal.length()) {
            char c = literal.charAt(i);
            if (c != '\\') {
                result.append(c);
                i++;
            } else {
                i = unescapeOne(literal, i + 1, result);
            }
        }
        return result.toString();
    }

    private static int unescapeOne(String literal, int i, StringBuilder result) {
        char c = literal.charAt(i);
        int simple = "\\'\"abfnrtv\n".indexOf(c);
        if (c >= '0' && c <= '7') {
            int end = i;
            while (end < literal.length() && end < i + 3 && literal.charAt(end) >= '0' && literal.charAt(end) <= '7') {
                end++;
            }
            result.append((char) Integer.parseInt(literal.substring(i, end), 8));
            return end;
        } else if (simple >= 0) {
            result.append(new String[] {"\\", "'", "\"", "\u0007", "\b", "\f", "\n", "\r", "\t", "\u000B", ""}[simple]);
        } else if (c == 'x' || c == 'u' || c == 'U') {
            int end = i + 1 + (c == 'x' ? 2 : c == 'u' ? 4 : 8);
            result.appendCodePoint(hex(literal, i + 1, end));
            return end;
        } else if (c == 'N') {
            throw new TemplateError("\\N in a string is not supported");
        } else {
            result.append('\\').append(c);
        }
        return i + 1;
    }

    private static int hex(String literal, int from, int to) {
        if (to > literal.length() || !literal.substring(from, to).matches("[0-9A-Fa-f]+")) {
            throw new TemplateError("a string has an incomplete escape");
        }
        long value = Long.parseLong(literal.substring(from, to), 16);
        if (value > Character.MAX_CODE_POINT) {
            throw new TemplateError("a string has an escape beyond the last character");
        }
        return (int) value;
    }
}
