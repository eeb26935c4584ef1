package io.github.pastkv.chat.jinja.python;

import java.util.ArrayList;
import java.util.List;

/** Arithmetic of templates, on numbers, strings and lists. */
public final class Operators {
    private Operators() {}

    public static Object binary(String operator, Object left, Object right) {
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return Numbers.calculate(operator, left, right);
        }
        return switch (operator) {
            case "+" -> add(left, right);
            case "*" -> multiply(left, right);
            case "%" -> {
                if (left instanceof String format && !(right instanceof Undefined)) {
                    yield PercentFormat.percent(format, right);
                }
                throw unsupported("%", left, right);
            }
            default -> throw unsupported(operator, left, right);
        };
    }

    private static TemplateError unsupported(String operator, Object left, Object right) {
        return Python.firstUndefined(left, right,
                new TemplateError("unsupported operand type(s) for " + operator + ": '"
                        + Python.typeName(left) + "' and '" + Python.typeName(right) + "'"));
    }

    private static Object add(Object left, Object right) {
        if (left instanceof String one && right instanceof String other) {
            Budget.chars(one.length() + (long) other.length());
            return one + other;
        }
        if (Python.isText(left) && Python.isText(right)) {
            return new Markup(Budget.counted(escaped(left) + escaped(right)));
        }
        if (left instanceof List<?> one && right instanceof List<?> other) {
            return joined(one, other);
        }
        if (left instanceof Tuple one && right instanceof Tuple other) {
            return Tuple.of(joined(one.items(), other.items()));
        }
        throw left instanceof String && !(right instanceof Undefined)
                ? new TemplateError("can only concatenate str (not \"" + Python.typeName(right) + "\") to str")
                : unsupported("+", left, right);
    }

    private static List<Object> joined(List<?> left, List<?> right) {
        Budget.step(left.size() + (long) right.size());
        List<Object> all = new ArrayList<>(left);
        all.addAll(right);
        return all;
    }

    private static String escaped(Object text) {
        return text instanceof Markup markup ? markup.text() : Markup.escape(Python.str(text));
    }

    /** The operator {@code ~}. */
    public static Object concat(List<Object> parts) {
        StringBuilder result = new StringBuilder();
        for (Object part : parts) {
            result.append(Budget.counted(Python.str(part)));
        }
        return result.toString();
    }

    private static Object multiply(Object left, Object right) {
        boolean isReversed = Numbers.isInteger(left);
        Object sequence = isReversed ? right : left;
        Object count = isReversed ? left : right;
        if (!Numbers.isInteger(count)) {
            throw unsupported("*", left, right);
        }
        return switch (sequence) {
            case String text -> StringMethods.repeat(text, Numbers.toInt(count));
            case List<?> list -> repeat(list, Numbers.toInt(count));
            case Tuple tuple -> Tuple.of(repeat(tuple.items(), Numbers.toInt(count)));
            default -> throw unsupported("*", left, right);
        };
    }

    private static List<Object> repeat(List<?> list, int count) {
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < count && !list.isEmpty(); i++) {
            Budget.step(list.size());
            all.addAll(list);
        }
        return all;
    }

    public static Object unary(String operator, Object operand) {
        if (!Numbers.isNumber(operand)) {
            throw Python.firstUndefined(operand, operand, new TemplateError(
                    "bad operand type for unary " + operator + ": '" + Python.typeName(operand) + "'"));
        }
        if (operator.equals("+")) {
            return operand instanceof Boolean ? Numbers.integer(Numbers.big(operand)) : operand;
        }
        return operand instanceof Double real ? (Object) (-real) : Numbers.integer(Numbers.big(operand).negate());
    }
}
