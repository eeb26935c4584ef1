package io.github.pastkv.chat.jinja.python;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What Python's built-in functions tell of a value: truth, type, text, items and length. */
public final class Python {
    private Python() {}

    public static boolean isTrue(Object value) {
        return switch (value) {
            case Boolean flag -> flag;
            case None _ -> false;
            case Undefined _ -> false;
            case String text -> !text.isEmpty();
            case Markup markup -> !markup.text().isEmpty();
            case Long number -> number != 0;
            case BigInteger number -> number.signum() != 0;
            case Double number -> number != 0;
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case Tuple tuple -> !tuple.items().isEmpty();
            case View view -> !view.items().isEmpty();
            case PyRange range -> !range.items().isEmpty();
            default -> true;
        };
    }

    /** The name of a value's type in messages. */
    public static String typeName(Object value) {
        return switch (value) {
            case Boolean _ -> "bool";
            case None _ -> "NoneType";
            case Undefined _ -> "Undefined";
            case String _ -> "str";
            case Markup _ -> "Markup";
            case Long _ -> "int";
            case BigInteger _ -> "int";
            case Double _ -> "float";
            case List<?> _ -> "list";
            case Map<?, ?> _ -> "dict";
            case Tuple _ -> "tuple";
            case View view -> view.kind();
            case PyRange _ -> "range";
            case Generator _ -> "generator";
            case Namespace _ -> "Namespace";
            case LoopContext _ -> "LoopContext";
            default -> "function";
        };
    }

    /** What {@code str()} gives, and what an output writes. */
    public static String str(Object value) {
        return switch (value) {
            case String text -> text;
            case Markup markup -> markup.text();
            case Undefined _ -> "";
            default -> repr(value);
        };
    }

    /** As Python writes the value in a template or a list. */
    public static String repr(Object value) {
        Budget.step(1);
        return Budget.counted(representation(value));
    }

    private static String representation(Object value) {
        return switch (value) {
            case String text -> Text.repr(text);
            case Boolean flag -> flag ? "True" : "False";
            case Double number -> Numbers.repr(number);
            case Markup markup -> "Markup(" + Text.repr(markup.text()) + ")";
            case Undefined _ -> "Undefined";
            case List<?> list -> list.stream().map(Python::repr).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> map -> map.entrySet().stream().map(one -> repr(one.getKey()) + ": " + repr(one.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
            case Tuple tuple -> tuple.items().stream().map(Python::repr)
                    .collect(Collectors.joining(", ", "(", tuple.items().size() == 1 ? ",)" : ")"));
            case View view -> view.kind() + "(" + repr(view.items()) + ")";
            case PyRange range -> "range(" + range.start() + ", " + range.stop()
                    + (range.step() == 1 ? ")" : ", " + range.step() + ")");
            case Namespace namespace -> "<Namespace " + repr(namespace.attributes()) + ">";
            case None _ -> "None";
            case Long number -> number.toString();
            case BigInteger number -> number.toString();
            default -> throw new TemplateError("a " + typeName(value) + " cannot be written as text");
        };
    }

    /** The items that a loop over the value goes through. */
    public static Iterator<Object> iterate(Object value) {
        return switch (value) {
            case Generator generator -> generator.items();
            default -> items(value).iterator();
        };
    }

    /** All items of the value; a generator is used up. */
    public static List<Object> items(Object value) {
        return switch (value) {
            case List<?> list -> Collections.unmodifiableList(list);
            case Tuple tuple -> tuple.items();
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String text -> Text.characters(text);
            case Markup markup -> Text.characters(markup.text());
            case View view -> view.items();
            case PyRange range -> range.items();
            case Undefined _ -> List.of();
            case Generator generator -> {
                List<Object> items = new ArrayList<>();
                generator.items().forEachRemaining(items::add);
                yield items;
            }
            default -> throw new TemplateError("'" + typeName(value) + "' object is not iterable");
        };
    }

    public static boolean isIterable(Object value) {
        return switch (value) {
            case List<?> _ -> true;
            case Map<?, ?> _ -> true;
            case Tuple _ -> true;
            case String _ -> true;
            case Markup _ -> true;
            case View _ -> true;
            case PyRange _ -> true;
            case Undefined _ -> true;
            case Generator _ -> true;
            case LoopContext _ -> true;
            default -> false;
        };
    }

    public static long length(Object value) {
        return switch (value) {
            case String text -> Text.length(text);
            case Markup markup -> Text.length(markup.text());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Tuple tuple -> tuple.items().size();
            case View view -> view.items().size();
            case PyRange range -> range.items().size();
            case Undefined _ -> 0;
            case LoopContext loop -> loop.length();
            default -> throw new TemplateError("object of type '" + typeName(value) + "' has no len()");
        };
    }

    public static boolean isText(Object value) {
        return value instanceof String || value instanceof Markup;
    }

    public static String requireText(Object value, String what) {
        if (!isText(value)) {
            throw value instanceof Undefined undefined
                    ? undefined.error()
                    : new TemplateError(what + " must be a string, not " + typeName(value));
        }
        return str(value);
    }

    /** The error for the first of two operands that is undefined, or {@code otherwise}. */
    public static TemplateError firstUndefined(Object left, Object right, TemplateError otherwise) {
        return left instanceof Undefined undefined
                ? undefined.error()
                : right instanceof Undefined other ? other.error() : otherwise;
    }
}
