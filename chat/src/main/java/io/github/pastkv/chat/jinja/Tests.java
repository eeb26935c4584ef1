package io.github.pastkv.chat.jinja;

import io.github.pastkv.chat.jinja.python.Arguments;
import io.github.pastkv.chat.jinja.python.Comparisons;
import io.github.pastkv.chat.jinja.python.Function;
import io.github.pastkv.chat.jinja.python.Markup;
import io.github.pastkv.chat.jinja.python.None;
import io.github.pastkv.chat.jinja.python.Numbers;
import io.github.pastkv.chat.jinja.python.PyRange;
import io.github.pastkv.chat.jinja.python.Python;
import io.github.pastkv.chat.jinja.python.StringMethods;
import io.github.pastkv.chat.jinja.python.TemplateError;
import io.github.pastkv.chat.jinja.python.Tuple;
import io.github.pastkv.chat.jinja.python.Undefined;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tests, which follow {@code is} and name the conditions of filters such as {@code selectattr}. */
final class Tests {
    private static final Map<String, String> OPERATORS = Map.ofEntries(Map.entry("eq", "=="), Map.entry("==", "=="),
            Map.entry("equalto", "=="), Map.entry("ne", "!="), Map.entry("!=", "!="), Map.entry("lt", "<"),
            Map.entry("lessthan", "<"), Map.entry("<", "<"), Map.entry("le", "<="), Map.entry("<=", "<="),
            Map.entry("gt", ">"), Map.entry("greaterthan", ">"), Map.entry(">", ">"), Map.entry("ge", ">="),
            Map.entry(">=", ">="), Map.entry("in", "in"));
    private static final Set<String> KNOWN = Set.of("boolean", "callable", "defined", "divisibleby", "escaped", "even",
            "false", "filter", "float", "integer", "iterable", "lower", "mapping", "none", "number", "odd", "sameas",
            "sequence", "string", "test", "true", "undefined", "upper");

    private Tests() {}

    static boolean isKnown(String name) {
        return KNOWN.contains(name) || OPERATORS.containsKey(name);
    }

    /** What is wrong with a name, or null if it is one of a test. */
    static @Nullable String problem(String name) {
        return isKnown(name) ? null : "there is no test '" + name + "'";
    }

    private static void requireKnown(String name) {
        @Nullable String problem = problem(name);
        if (problem != null) {
            throw new TemplateError(problem);
        }
    }

    static boolean test(String name, Object value, Arguments arguments) {
        requireKnown(name);
        String operator = OPERATORS.get(name);
        if (operator != null) {
            return Comparisons.compares(operator, value, arguments.bind(name, "other").require("other"));
        }
        if (name.equals("divisibleby")) {
            return Numbers.equal(
                    Numbers.calculate("%", number(value), number(arguments.bind(name, "num").require("num"))),
                    0L);
        }
        if (name.equals("sameas")) {
            return isSame(value, arguments.bind(name, "other").require("other"));
        }
        arguments.bind(name);
        return test(name, value);
    }

    private static boolean test(String name, Object value) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value instanceof None;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "string" -> Python.isText(value);
            case "integer" -> Numbers.isInteger(value) && !(value instanceof Boolean);
            case "float" -> value instanceof Double;
            case "number" -> Numbers.isNumber(value);
            case "mapping" -> value instanceof Map;
            case "iterable" -> Python.isIterable(value);
            case "sequence" -> isSequence(value);
            case "callable" -> value instanceof Function || value instanceof Undefined;
            case "escaped" -> value instanceof Markup;
            case "lower" -> isCase(value, "islower");
            case "upper" -> isCase(value, "isupper");
            case "filter" -> isName(value) && Filters.isKnown(Python.str(value));
            case "test" -> isName(value) && isKnown(Python.str(value));
            case "even" -> Numbers.equal(Numbers.calculate("%", number(value), 2L), 0L);
            default -> Numbers.equal(Numbers.calculate("%", number(value), 2L), 1L); // odd
        };
    }

    /** Whether a value may be the name of a filter or test: a text, while Python cannot look up lists. */
    private static boolean isName(Object value) {
        if (value instanceof List || value instanceof Map) {
            throw new TemplateError("unhashable type: '" + Python.typeName(value) + "'");
        }
        return Python.isText(value);
    }

    private static Object number(Object value) {
        if (!Numbers.isNumber(value)) {
            throw Python.firstUndefined(value, value,
                    new TemplateError("'" + Python.typeName(value) + "' object is no number"));
        }
        return value;
    }

    @SuppressWarnings("ReferenceEquality") // the test is about identity
    private static boolean isSame(Object left, Object right) {
        if (Numbers.isNumber(left) || Python.isText(left)) {
            return left.getClass() == right.getClass() && left.equals(right);
        }
        return left == right;
    }

    private static boolean isSequence(Object value) {
        return value instanceof List || value instanceof Map || value instanceof Tuple || Python.isText(value)
                || value instanceof PyRange || value instanceof Undefined;
    }

    private static boolean isCase(Object value, String method) {
        Function predicate = StringMethods.find(Python.str(value), method);
        return predicate != null && Python.isTrue(predicate.call(Arguments.NONE));
    }
}
