package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.util.Arrays;
import java.util.Map;
import java.util.StringJoiner;
import tools.jackson.databind.JsonNode;

/**
 * JSON texts without a schema, and those of given values. White space is fixed: one space after a colon and after a
 * comma between values, none elsewhere, so that it need not be generated.
 */
final class JsonValues {
    /** Between the elements of an array and the properties of an object. */
    static final String COMMA = ", ";

    /** Between a key and its value. */
    static final String COLON = ": ";

    /** The rule of any value. */
    static final String ANY = "any JSON";

    /** The rule of any characters of a string, each with one spelling. */
    static final String ANY_SPELLED = "any characters";

    private static final int MAX_DIGITS = 100;
    private static final String ANY_OBJECT = "any JSON object";

    private JsonValues() {}

    /** Defines any value, any object, and any characters of a string. */
    static void addRules(Map<String, Expression> rules) {
        rules.put(ANY, Expression.choice(literals("null", "true", "false"), number(), text(),
                list("[", new Expression.Call(ANY), "]"), new Expression.Call(ANY_OBJECT)));
        rules.put(ANY_OBJECT, list("{", Expression.sequence(text(), new Expression.Text(COLON),
                new Expression.Call(ANY)), "}"));
        rules.put(ANY_SPELLED, Expression.star(JsonStrings.spelled(CodePoints.ALL)));
    }

    /** Any object. */
    static Expression object() {
        return new Expression.Call(ANY_OBJECT);
    }

    private static Expression list(String begin, Expression element, String end) {
        return Expression.sequence(new Expression.Text(begin), Expression.optional(Expression.sequence(element,
                Expression.star(Expression.sequence(new Expression.Text(COMMA), element)))), new Expression.Text(end));
    }

    /** Any string. */
    static Expression text() {
        return JsonStrings.free(0, Expression.UNBOUNDED);
    }

    /** One of these words. */
    static Expression literals(String... words) {
        return new Expression.Choice(Arrays.stream(words).<Expression> map(Expression.Text::new).toList());
    }

    /** Any integer. */
    static Expression integer() {
        Expression digits = Expression.star(new Expression.OneOf(CodePoints.range('0', '9')));
        return Expression.sequence(Expression.optional(new Expression.Text("-")), Expression.choice(
                new Expression.Text("0"),
                Expression.sequence(new Expression.OneOf(CodePoints.range('1', '9')), digits)));
    }

    /** Any number. Exponents have at most two digits, as readers fail beyond the range of doubles. */
    static Expression number() {
        Expression digit = new Expression.OneOf(CodePoints.range('0', '9'));
        return Expression.sequence(integer(),
                Expression.optional(Expression.sequence(new Expression.Text("."),
                        new Expression.Repeat(digit, 1, Expression.UNBOUNDED))),
                Expression.optional(Expression.sequence(new Expression.OneOf(CodePoints.of("eE")),
                        Expression.optional(new Expression.OneOf(CodePoints.of("+-"))),
                        new Expression.Repeat(digit, 1, 2))));
    }

    /** The text of a value; whole numbers have no fraction. */
    static String text(JsonNode value) {
        if (value.isString()) {
            return '"' + JsonStrings.spelled(value.stringValue()) + '"';
        }
        if (value.isArray()) {
            StringJoiner elements = new StringJoiner(COMMA, "[", "]");
            value.forEach(element -> elements.add(text(element)));
            return elements.toString();
        }
        if (value.isObject()) {
            StringJoiner properties = new StringJoiner(COMMA, "{", "}");
            value.properties().forEach(property -> properties.add(
                    '"' + JsonStrings.spelled(property.getKey()) + '"' + COLON + text(property.getValue())));
            return properties.toString();
        }
        boolean isWhole = value.isNumber() && SchemaKeywords.isInteger(value)
                && Math.abs(value.decimalValue().scale()) <= MAX_DIGITS;
        return isWhole ? value.decimalValue().toBigInteger().toString() : value.toString();
    }
}
