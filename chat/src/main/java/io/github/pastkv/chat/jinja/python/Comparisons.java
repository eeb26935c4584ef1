package io.github.pastkv.chat.jinja.python;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Python's comparisons: equality, order, membership, and the keys of dictionaries that follow from equality. */
public final class Comparisons {
    private Comparisons() {}

    public static boolean equal(Object left, Object right) {
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
    public static int compare(String operator, Object left, Object right) {
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return Numbers.compare(left, right);
        }
        if (Python.isText(left) && Python.isText(right)) {
            return compareCodePoints(Python.str(left), Python.str(right));
        }
        if (left instanceof List<?> one && right instanceof List<?> other) {
            return compareAll(operator, one, other);
        }
        if (left instanceof Tuple one && right instanceof Tuple other) {
            return compareAll(operator, one.items(), other.items());
        }
        throw Python.firstUndefined(left, right,
                new TemplateError("'" + operator + "' not supported between instances of '"
                        + Python.typeName(left) + "' and '" + Python.typeName(right) + "'"));
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

    public static boolean compares(String operator, Object left, Object right) {
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

    public static boolean contains(Object container, Object item) {
        return switch (container) {
            case String text -> containsText(text, item);
            case Markup markup -> containsText(markup.text(), item);
            case Map<?, ?> map -> map.containsKey(key(item));
            case Namespace _ -> throw new TemplateError("argument of type 'Namespace' is not iterable");
            default -> {
                if (!Python.isIterable(container)) {
                    throw new TemplateError("argument of type '" + Python.typeName(container) + "' is not iterable");
                }
                Iterator<Object> items = Python.iterate(container);
                boolean found = false;
                while (!found && items.hasNext()) {
                    found = equal(items.next(), item);
                }
                yield found;
            }
        };
    }

    private static boolean containsText(String text, Object item) {
        return text.contains(Python.requireText(item, "the left operand of 'in' a string"));
    }

    /** The key that a dictionary keeps for a value: equal numbers have one. */
    public static Object key(Object value) {
        if (value instanceof List || value instanceof Map) {
            throw new TemplateError("unhashable type: '" + Python.typeName(value) + "'");
        }
        if (value instanceof Tuple tuple) {
            tuple.items().forEach(Comparisons::key); // refuses what has no hash
        }
        if (value instanceof Double real && real == Math.rint(real) && Math.abs(real) < 1e15) {
            return (long) (double) real;
        }
        return value instanceof Boolean flag ? flag ? 1L : 0L : value instanceof Markup markup ? markup.text() : value;
    }
}
