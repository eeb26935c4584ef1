package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.Expression;
import java.util.ArrayList;
import java.util.List;

/** The texts of arrays: the elements of {@code prefixItems}, then those of {@code items}. */
final class ArraySchema {
    private static final int MAX_PREFIX_ITEMS = 200; // each nests the rest of the expression, so the stack limits them
    private static final Expression COMMA = new Expression.Text(JsonValues.COMMA);

    private final List<Expression> prefix = new ArrayList<>();
    private final Expression item;
    private final int min;
    private final int max;

    ArraySchema(JsonSchema owner, SchemaNode schema) {
        if (schema.has("uniqueItems") && !schema.json().path("uniqueItems").isBoolean()) {
            throw schema.refusal("uniqueItems", "must be a boolean");
        }
        if (schema.json().path("uniqueItems").booleanValue(false)) {
            throw schema.refusal("uniqueItems", "is not supported");
        }
        if (schema.has("prefixItems")) {
            int numItems = schema.json().path("prefixItems").size();
            if (numItems > MAX_PREFIX_ITEMS) {
                throw schema.refusal("prefixItems", "has " + numItems + " schemas, at most " + MAX_PREFIX_ITEMS
                        + " are supported");
            }
            schema.list("prefixItems").forEach(each -> prefix.add(owner.refer(each)));
        }
        this.item = schema.has("items")
                ? owner.refer(schema.at("items"))
                : new Expression.Call(JsonValues.ANY);
        this.min = schema.count("minItems", 0);
        this.max = schema.count("maxItems", Expression.UNBOUNDED);
    }

    Expression expression() {
        if (max < min) {
            return new Expression.Choice(List.of());
        }
        return Expression.sequence(new Expression.Text("["), from(0), new Expression.Text("]"));
    }

    /** The elements from a place on, with the commas before them. */
    private Expression from(int place) {
        if (place >= max) {
            return Expression.EMPTY;
        }
        if (place == prefix.size()) {
            return place == 0 ? items() : new Expression.Repeat(Expression.sequence(COMMA, item),
                    Math.max(0, min - place), max == Expression.UNBOUNDED ? max : max - place);
        }
        Expression rest = Expression.sequence(place == 0 ? Expression.EMPTY : COMMA, prefix.get(place),
                from(place + 1));
        return place < min ? rest : Expression.optional(rest);
    }

    private Expression items() {
        Expression some = Expression.sequence(item, new Expression.Repeat(Expression.sequence(COMMA, item),
                Math.max(0, min - 1), max == Expression.UNBOUNDED ? max : max - 1));
        return min > 0 ? some : Expression.optional(some);
    }
}
