package io.github.pastkv.chat.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** Python's operators over the values of templates. */
final class Python {
    private Python() {}

    static boolean isTrue(Object value) {
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
    static String typeName(Object value) {
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
            case LoopVariables _ -> "LoopContext";
            default -> "function";
        };
    }

    /** What {@code str()} gives, and what an output writes. */
    static String str(Object value) {
        return switch (value) {
            case String text -> text;
            case Markup markup -> markup.text();
            case Undefined _ -> "";
            default -> repr(value);
        };
    }

    /** As Python writes the value in a template or a list. */
    static String repr(Object value) {
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
    static Iterator<Object> iterate(Object value) {
        return switch (value) {
            case Generator generator -> generator.items();
            default -> items(value).iterator();
        };
    }

    /** All items of the value; a generator is used up. */
    static List<Object> items(Object value) {
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

    static boolean isIterable(Object value) {
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
            case LoopVariables _ -> true;
            default -> false;
        };
    }

    static long length(Object value) {
        return switch (value) {
            case String text -> Text.length(text);
            case Markup markup -> Text.length(markup.text());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Tuple tuple -> tuple.items().size();
            case View view -> view.items().size();
            case PyRange range -> range.items().size();
            case Undefined _ -> 0;
            case LoopVariables loop -> loop.length();
            default -> throw new TemplateError("object of type '" + typeName(value) + "' has no len()");
        };
    }

    static boolean equal(Object left, Object right) {
        Budget.step(1);
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return Numbers.equal(left, right);
        }
        return switch (left) {
            case List<?> list -> right instanceof List<?> other && allEqual(list, other);
            case Tuple tuple -> right instanceof Tuple other && allEqual(tuple.items(), other.items());
            case Map<?, ?> map -> right instanceof Map<?, ?> other && allEqual(map, other);
            case Undefined _ -> right instanceof Undefined;
            case Markup markup -> markup.text().equals(right instanceof Markup other ? other.text() : right);
            case String text -> text.equals(right instanceof Markup other ? other.text() : right);
            case PyRange range -> right instanceof PyRange other && range.items().equals(other.items());
            case View view -> right instanceof View other && allEqual(view.items(), other.items());
            default -> left.equals(right); // functions, namespaces and None are themselves only
        };
    }

    private static boolean allEqual(List<?> left, List<?> right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!equal(Objects.requireNonNull(left.get(i)), Objects.requireNonNull(right.get(i)))) {
                return false;
            }
        }
        return true;
    }

    private static boolean allEqual(Map<?, ?> left, Map<?, ?> right) {
        return left.size() == right.size() && left.entrySet().stream().allMatch(
                one -> right.containsKey(one.getKey()) && equal(one.getValue(), right.get(one.getKey())));
    }

    /** Order of two values of which the operator is part of the message. */
    static int compare(String operator, Object left, Object right) {
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return Numbers.compare(left, right);
        }
        if (isText(left) && isText(right)) {
            return compareCodePoints(str(left), str(right));
        }
        if (left instanceof List<?> one && right instanceof List<?> other) {
            return compareAll(operator, one, other);
        }
        if (left instanceof Tuple one && right instanceof Tuple other) {
            return compareAll(operator, one.items(), other.items());
        }
        throw firstUndefined(left, right, new TemplateError("'" + operator + "' not supported between instances of '"
                + typeName(left) + "' and '" + typeName(right) + "'"));
    }

    private static int compareCodePoints(String left, String right) {
        int[] one = left.codePoints().toArray();
        int[] other = right.codePoints().toArray();
        return Arrays.compare(one, other);
    }

    private static int compareAll(String operator, List<?> left, List<?> right) {
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            if (!equal(left.get(i), right.get(i))) {
                return compare(operator, left.get(i), right.get(i));
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    static boolean compares(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> equal(left, right);
            case "!=" -> !equal(left, right);
            case "in" -> contains(right, left);
            case "not in" -> !contains(right, left);
            default -> {
                int order = compare(operator, left, right);
                boolean isUnordered = Numbers.isNan(left) || Numbers.isNan(right);
                yield !isUnordered && switch (operator) {
                    case "<" -> order < 0;
                    case "<=" -> order <= 0;
                    case ">" -> order > 0;
                    default -> order >= 0;
                };
            }
        };
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String text -> containsText(text, item);
            case Markup markup -> containsText(markup.text(), item);
            case Map<?, ?> map -> map.containsKey(key(item));
            case Namespace _ -> throw new TemplateError("argument of type 'Namespace' is not iterable");
            default -> {
                if (!isIterable(container)) {
                    throw new TemplateError("argument of type '" + typeName(container) + "' is not iterable");
                }
                Iterator<Object> items = iterate(container);
                boolean found = false;
                while (!found && items.hasNext()) {
                    found = equal(items.next(), item);
                }
                yield found;
            }
        };
    }

    private static boolean containsText(String text, Object item) {
        return text.contains(requireText(item, "the left operand of 'in' a string"));
    }

    /** The key that a dictionary keeps for a value: equal numbers have one. */
    static Object key(Object value) {
        if (value instanceof List || value instanceof Map) {
            throw new TemplateError("unhashable type: '" + typeName(value) + "'");
        }
        if (value instanceof Tuple tuple) {
            tuple.items().forEach(Python::key); // refuses what has no hash
        }
        if (value instanceof Double real && real == Math.rint(real) && Math.abs(real) < 1e15) {
            return (long) (double) real;
        }
        return value instanceof Boolean flag ? flag ? 1L : 0L : value instanceof Markup markup ? markup.text() : value;
    }

    static boolean isText(Object value) {
        return value instanceof String || value instanceof Markup;
    }

    static String requireText(Object value, String what) {
        if (!isText(value)) {
            throw value instanceof Undefined undefined
                    ? undefined.error()
                    : new TemplateError(what + " must be a string, not " + typeName(value));
        }
        return str(value);
    }

    /** The error for the first of two operands that is undefined, or {@code otherwise}. */
    static TemplateError firstUndefined(Object left, Object right, TemplateError otherwise) {
        return left instanceof Undefined undefined
                ? undefined.error()
                : right instanceof Undefined other ? other.error() : otherwise;
    }
}
