package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Function;
import io.github.pastkv.chat.jinja.python.Markup;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.PercentFormat;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.StringMethods;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Text;
import io.github.pastkv.chat.jinja.python.Tuple;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The filters of strings. */
final class TextFilters {
    private TextFilters() {}

    static Object apply(String name, Object value, Arguments arguments) {
        if (value instanceof Markup markup && !name.equals("wordcount")) {
            if (name.equals("trim")) {
                return new Markup(Python.str(trim(markup.text(), arguments)));
            }
            throw new TemplateError("the filter '" + name + "' of a string that is marked safe is not supported");
        }
        String text = Python.str(value);
        return switch (name) {
            case "upper" -> plain(name, arguments, text.toUpperCase(Locale.ROOT));
            case "lower" -> plain(name, arguments, text.toLowerCase(Locale.ROOT));
            case "capitalize" -> plain(name, arguments, Text.capitalize(text));
            case "title" -> plain(name, arguments, title(text));
            case "trim" -> trim(text, arguments);
            case "center" -> method(text, "center",
                    new Arguments(List.of((long) arguments.bind(name, "width").integer("width", 80)), Map.of()));
            case "replace" -> replace(text, arguments.bind(name, "old", "new", "count"));
            case "indent" -> indent(requireText(value), arguments.bind(name, "width", "first", "blank"));
            case "truncate" ->
                    truncate(value, arguments.bind(name, "length", "killwords", "end", "leeway"));
            case "wordcount" -> wordCount(text);
            default -> format(text, arguments);
        };
    }

    private static String requireText(Object value) {
        return Python.requireText(value, "the operand of the filter");
    }

    private static String plain(String name, Arguments arguments, String result) {
        arguments.bind(name);
        return Budget.counted(result);
    }

    private static Object method(String text, String name, Arguments arguments) {
        Function method = StringMethods.find(text, name);
        if (method == null) {
            throw new AssertionError(name);
        }
        return method.call(arguments);
    }

    private static Object trim(String text, Arguments arguments) {
        return method(text, "strip", arguments);
    }

    /** Each word between blanks, hyphens and opening brackets begins with a capital; the rest of it is small. */
    private static String title(String text) {
        StringBuilder result = new StringBuilder();
        int from = 0;
        while (from < text.length()) {
            int to = from;
            boolean isSeparator = separates(text.codePointAt(from));
            while (to < text.length() && separates(text.codePointAt(to)) == isSeparator) {
                to += Character.charCount(text.codePointAt(to));
            }
            int second = from + Character.charCount(text.codePointAt(from));
            result.append(text.substring(from, second).toUpperCase(Locale.ROOT))
                    .append(text.substring(second, to).toLowerCase(Locale.ROOT));
            from = to;
        }
        return result.toString();
    }

    private static boolean separates(int c) {
        return Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }

    private static String replace(String text, Arguments.Bound bound) {
        Object count = bound.get("count", None.NONE);
        return StringMethods.replace(text, Python.str(bound.require("old")), Python.str(bound.require("new")),
                count instanceof None ? -1 : Numbers.toInt(count));
    }

    private static String indent(String text, Arguments.Bound bound) {
        Object width = bound.get("width", 4L);
        String indentation = Python.isText(width) ? Python.str(width) : StringMethods.repeat(" ", Numbers.toInt(width));
        boolean indentsBlank = bound.isTrue("blank", false);
        String withEnd = text + "\n";
        StringBuilder result = new StringBuilder(bound.isTrue("first", false) ? indentation : "");
        List<Object> lines = Text.lines(withEnd, false);
        for (int i = 0; i < lines.size(); i++) {
            String line = Python.str(lines.get(i));
            boolean isIndented = i > 0 && (indentsBlank || !line.isEmpty());
            Budget.chars(indentation.length() + (long) line.length());
            result.append(i == 0 ? "" : "\n").append(isIndented ? indentation : "").append(line);
        }
        return result.toString();
    }

    private static Object truncate(Object value, Arguments.Bound bound) {
        int length = bound.integer("length", 255);
        String end = bound.text("end", "...");
        int leeway = bound.find("leeway") instanceof None ? 5 : bound.integer("leeway", 5);
        if (length < Text.length(end) || leeway < 0) {
            throw new TemplateError("truncate: length " + length + ", leeway " + leeway + ", end " + Text.repr(end));
        }
        if (Python.length(value) <= length + leeway) {
            return value;
        }
        String text = requireText(value);
        String cut = Text.substring(text, 0, length - Text.length(end));
        int lastBlank = cut.lastIndexOf(' ');
        return (bound.isTrue("killwords", false) || lastBlank < 0 ? cut : cut.substring(0, lastBlank)) + end;
    }

    private static Object wordCount(String text) {
        long count = 0;
        boolean isInWord = false;
        for (int c : text.codePoints().toArray()) {
            boolean isWordPart =
                    Character.isLetterOrDigit(c) || c == '_' || Character.getType(c) == Character.OTHER_NUMBER
                            || Character.getType(c) == Character.LETTER_NUMBER;
            count += isWordPart && !isInWord ? 1 : 0;
            isInWord = isWordPart;
        }
        return count;
    }

    private static String format(String text, Arguments arguments) {
        if (!arguments.named().isEmpty() && !arguments.positional().isEmpty()) {
            throw new TemplateError("can't handle positional and keyword arguments at the same time");
        }
        return PercentFormat.percent(text, arguments.named().isEmpty()
                ? Tuple.of(arguments.positional())
                : arguments.named());
    }
}
