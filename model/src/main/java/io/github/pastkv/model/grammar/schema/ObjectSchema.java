package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * The texts of objects: the properties that the schema names, in its order, then any additional ones, under other keys.
 * An object has no order, so each instance has such a text.
 */
final class ObjectSchema {
    private static final Expression COMMA = new Expression.Text(JsonValues.COMMA);
    private static final int MAX_NAME = 500;
    private static final Expression NEVER = new Expression.Choice(List.of());

    private final JsonSchema owner;
    private final String pointer;
    private final Set<String> required;
    private final LinkedHashMap<String, Expression> properties = new LinkedHashMap<>(); // texts of key and value
    private final Expression additional;

    ObjectSchema(JsonSchema owner, SchemaNode schema) {
        this.owner = owner;
        this.pointer = schema.pointer();
        this.required = required(schema);
        SchemaNode others = schema.at("additionalProperties");
        Expression otherValue = schema.has("additionalProperties")
                ? owner.refer(others)
                : new Expression.Call(JsonValues.ANY);
        if (schema.has("properties") && !schema.json().path("properties").isObject()) {
            throw schema.refusal("properties", "must be an object of schemas");
        }
        for (String name : schema.json().path("properties").propertyNames()) {
            requireShort(schema, "properties", name);
            properties.put(name, property(name, owner.refer(schema.at("properties", name))));
        }
        required.forEach(name -> properties.putIfAbsent(name, property(name, otherValue)));
        this.additional = otherValue.equals(NEVER)
                ? NEVER
                : Expression.sequence(otherKey(), new Expression.Text(JsonValues.COLON), otherValue);
    }

    private static Set<String> required(SchemaNode schema) {
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode name : schema.has("required") ? schema.values("required") : List.<JsonNode> of()) {
            if (!name.isString()) {
                throw schema.refusal("required", "must be an array of names");
            }
            requireShort(schema, "required", name.stringValue());
            names.add(name.stringValue());
        }
        return names;
    }

    private static void requireShort(SchemaNode schema, String keyword, String name) {
        if (name.length() > MAX_NAME) {
            throw schema.refusal(keyword, "has a name of " + name.length() + " characters, at most " + MAX_NAME
                    + " are supported");
        }
    }

    private static Expression property(String name, Expression value) {
        return Expression.sequence(
                new Expression.Text('"' + JsonStrings.spelled(name) + '"' + JsonValues.COLON), value);
    }

    Expression expression() {
        return Expression.sequence(new Expression.Text("{"), beginning(), new Expression.Text("}"));
    }

    /** The first property may be each one up to the first that is required. */
    private Expression beginning() {
        List<Expression> rests = rests();
        List<Expression> options = new ArrayList<>();
        int next = 1;
        for (Map.Entry<String, Expression> property : properties.entrySet()) {
            options.add(Expression.sequence(property.getValue(), rests.get(next++)));
            if (required.contains(property.getKey())) {
                return new Expression.Choice(options);
            }
        }
        options.add(Expression.EMPTY);
        options.add(Expression.sequence(additional, rests.getLast()));
        return new Expression.Choice(options);
    }

    /** What may follow from each property on; as rules, as each is part of those before it. */
    private List<Expression> rests() {
        List<Expression> rests = new ArrayList<>();
        Expression rest = owner.rule(pointer, Expression.star(Expression.sequence(COMMA, additional)));
        rests.add(rest);
        for (Map.Entry<String, Expression> each : properties.sequencedEntrySet().reversed()) {
            Expression property = Expression.sequence(COMMA, each.getValue());
            rest = owner.rule(pointer, Expression.sequence(
                    required.contains(each.getKey()) ? property : Expression.optional(property), rest));
            rests.addFirst(rest);
        }
        return rests;
    }

    /** A key that is none of the named ones: the characters of those lead to a rule for each of their beginnings. */
    private Expression otherKey() {
        return properties.isEmpty()
                ? JsonValues.text()
                : Expression.sequence(new Expression.Text("\""),
                        keyAfter("", List.copyOf(properties.keySet())), new Expression.Text("\""));
    }

    private Expression keyAfter(String beginning, List<String> names) {
        Map<Integer, List<String>> byNext = new TreeMap<>();
        names.stream().filter(name -> name.length() > beginning.length()).forEach(name -> byNext
                .computeIfAbsent(name.codePointAt(beginning.length()), _ -> new ArrayList<>()).add(name));
        List<CodePoints> singles = new ArrayList<>();
        List<Expression> options = new ArrayList<>();
        for (Map.Entry<Integer, List<String>> next : byNext.entrySet()) {
            CodePoints single = CodePoints.range(next.getKey(), next.getKey());
            singles.add(single);
            options.add(Expression.sequence(JsonStrings.spelled(single),
                    keyAfter(beginning + Character.toString(next.getKey()), next.getValue())));
        }
        options.add(Expression.sequence(JsonStrings.spelled(CodePoints.union(singles).complement()),
                new Expression.Call(JsonValues.ANY_SPELLED)));
        if (!names.contains(beginning)) {
            options.add(Expression.EMPTY);
        }
        return owner.rule(pointer, new Expression.Choice(options));
    }
}
