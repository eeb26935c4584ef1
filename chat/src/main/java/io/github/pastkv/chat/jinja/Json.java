package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Budget;
import io.github.pastkv.chat.jinja.python.Comparisons;
import io.github.pastkv.chat.jinja.python.Markup;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.StringMethods;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Text;
import io.github.pastkv.chat.jinja.python.Tuple;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes values as Python's {@code json.dumps}. */
final class Json {
    private final boolean asciiOnly;
    private final @Nullable String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean sortsKeys;
    private final StringBuilder result = new StringBuilder();

    private Json(Arguments.Bound options) {
        this.asciiOnly = options.isTrue("ensure_ascii", false);
        Object indentation = options.get("indent", None.NONE);
        this.indent = switch (indentation) {
            case None _ -> null;
            case String text -> text;
            default -> StringMethods.repeat(" ", Numbers.toInt(indentation));
        };
        List<Object> separators = options.get("separators", None.NONE) instanceof None
                ? List.of(indent == null ? ", " : ",", ": ")
                : Python.items(options.require("separators"));
        if (separators.size() != 2) {
            throw new TemplateError("separators must be two strings");
        }
        this.itemSeparator = Python.requireText(separators.get(0), "a separator");
        this.keySeparator = Python.requireText(separators.get(1), "a separator");
        this.sortsKeys = options.isTrue("sort_keys", false);
    }

    /** The filter {@code tojson} as transformers has it. */
    static String dump(Object value, Arguments arguments) {
        Json json = new Json(
                arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys"));
        json.write(value, 0);
        return json.result.toString();
    }

    private void write(Object value, int depth) {
        Budget.step(1);
        switch (value) {
            case String text -> writeText(text);
            case Markup markup -> writeText(markup.text());
            case Boolean flag -> add(flag ? "true" : "false");
            case None _ -> add("null");
            case Long number -> add(number.toString());
            case BigInteger number -> add(number.toString());
            case Double number -> add(real(number));
            case List<?> list -> writeList(list, depth);
            case Tuple tuple -> writeList(tuple.items(), depth);
            case Map<?, ?> map -> writeMap(map, depth);
            default -> throw new TemplateError(
                    "Object of type " + Python.typeName(value) + " is not JSON serializable");
        }
    }

    private void add(String text) {
        result.append(Budget.counted(text));
    }

    private static String real(double number) {
        String text = Numbers.repr(number);
        return switch (text) {
            case "nan" -> "NaN";
            case "inf" -> "Infinity";
            case "-inf" -> "-Infinity";
            default -> text;
        };
    }

    private void writeList(List<?> list, int depth) {
        add("[");
        for (int i = 0; i < list.size(); i++) {
            add(i == 0 ? "" : itemSeparator);
            newLine(depth + 1);
            write(list.get(i), depth + 1);
        }
        if (!list.isEmpty()) {
            newLine(depth);
        }
        add("]");
    }

    private void writeMap(Map<?, ?> map, int depth) {
        add("{");
        boolean isFirst = true;
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sortsKeys) {
            entries.sort(
                    Comparator.comparing(Map.Entry::getKey, (left, right) -> Comparisons.compare("<", left, right)));
        }
        for (Map.Entry<?, ?> entry : entries) {
            add(isFirst ? "" : itemSeparator);
            newLine(depth + 1);
            writeText(key(entry.getKey()));
            add(keySeparator);
            write(entry.getValue(), depth + 1);
            isFirst = false;
        }
        if (!map.isEmpty()) {
            newLine(depth);
        }
        add("}");
    }

    private static String key(Object key) {
        return switch (key) {
            case String text -> text;
            case Boolean flag -> flag ? "true" : "false";
            case None _ -> "null";
            case Double number -> real(number);
            case Long number -> number.toString();
            case BigInteger number -> number.toString();
            default ->
                    throw new TemplateError("keys must be str, int, float, bool or None, not " + Python.typeName(key));
        };
    }

    private void newLine(int depth) {
        if (indent != null) {
            add("\n");
            add(StringMethods.repeat(indent, depth));
        }
    }

    private void writeText(String text) {
        Budget.chars(text.length() + 2L);
        result.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> result.append("\\\"");
                case '\\' -> result.append("\\\\");
                case '\n' -> result.append("\\n");
                case '\r' -> result.append("\\r");
                case '\t' -> result.append("\\t");
                case '\f' -> result.append("\\f");
                case '\b' -> result.append("\\b");
                default -> {
                    if (c < 0x20 || (asciiOnly && c > 0x7E && c != Text.BREAK)) {
                        result.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        result.append(c);
                    }
                }
            }
        }
        result.append('"');
    }
}
