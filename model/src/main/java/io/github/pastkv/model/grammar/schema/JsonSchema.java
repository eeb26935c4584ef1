package io.github.pastkv.model.grammar.schema;

import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.Rules;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The usual part of JSON schema (draft 2020-12) as the rules of a grammar. Every keyword is honored or refused by name:
 * a text of the grammar is an instance of the schema, and each instance has a text, except for what
 * {@code docs/structured-output.md} names.
 *
 * <p>Reads one schema; not safe for use by several threads.
 */
public final class JsonSchema {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES).build();

    private static final int MAX_PARTS = 5000; // one for each property and each beginning of a name

    private final JsonNode document;
    private final Map<String, Expression> rules = new LinkedHashMap<>();
    private final Queue<SchemaNode> open = new ArrayDeque<>(); // referred to, not read yet
    private final Set<String> referred = new LinkedHashSet<>();
    private final References references;
    private final Disjointness disjointness;
    private int numParts;

    private JsonSchema(JsonNode document) {
        this.document = document;
        this.references = new References(document);
        this.disjointness = new Disjointness(references);
    }

    /**
     * The rules of a schema.
     *
     * @throws IllegalArgumentException naming the keyword that is not supported, and the place of its schema
     */
    public static Rules rules(String schema) {
        try {
            return new JsonSchema(MAPPER.readTree(schema)).rules();
        } catch (JacksonException e) {
            throw new IllegalArgumentException("JSON schema: not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** The rules of any JSON object. */
    public static Rules anyObject() {
        Map<String, Expression> rules = new LinkedHashMap<>();
        JsonValues.addRules(rules);
        rules.put(Rules.ROOT, JsonValues.object());
        return new Rules(Rules.ROOT, rules);
    }

    private Rules rules() {
        JsonValues.addRules(rules);
        SchemaNode root = new SchemaNode(document, "#");
        Expression start = refer(root);
        while (!open.isEmpty()) {
            SchemaNode schema = open.remove();
            rules.put(schema.pointer(), expression(schema));
        }
        rules.put(Rules.ROOT, start);
        return new Rules(Rules.ROOT, rules);
    }

    /** The texts of a schema as a rule of its own, so that a schema within others is read once. */
    Expression refer(SchemaNode schema) {
        if (schema.json().isBoolean()) {
            return expression(schema);
        }
        if (referred.add(schema.pointer())) {
            open.add(schema);
        }
        return new Expression.Call(schema.pointer());
    }

    /** Adds a rule for part of a schema; its number keeps its name apart from all others. */
    Expression rule(String pointer, Expression expression) {
        if (numParts == MAX_PARTS) {
            throw new IllegalArgumentException("JSON schema: " + pointer + ": its properties need more than "
                    + MAX_PARTS + " rules, which is not supported");
        }
        String name = "part " + numParts++ + " of " + pointer;
        rules.put(name, expression);
        return new Expression.Call(name);
    }

    /** The texts of the instances of a schema. */
    Expression expression(SchemaNode schema) {
        JsonNode json = schema.json();
        if (json.isBoolean()) {
            return json.booleanValue() ? new Expression.Call(JsonValues.ANY) : new Expression.Choice(List.of());
        }
        SchemaKeywords.check(schema);
        if (schema.has("$ref")) {
            return refer(references.target(schema));
        }
        if (schema.has("const") || schema.has("enum")) {
            return new Expression.Choice(SchemaKeywords.constants(schema).stream()
                    .<Expression> map(value -> new Expression.Text(JsonValues.text(value))).toList());
        }
        if (schema.has("allOf")) {
            return expression(schema.list("allOf").getFirst());
        }
        if (schema.has("anyOf")) {
            return new Expression.Choice(schema.list("anyOf").stream().map(this::expression).toList());
        }
        if (schema.has("oneOf")) {
            disjointness.require(schema);
            return new Expression.Choice(schema.list("oneOf").stream().map(this::expression).toList());
        }
        List<Expression> options = new ArrayList<>();
        SchemaKeywords.types(schema).forEach(type -> options.add(ofType(type, schema)));
        return new Expression.Choice(options);
    }

    private Expression ofType(String type, SchemaNode schema) {
        return switch (type) {
            case "null" -> JsonValues.literals("null");
            case "boolean" -> JsonValues.literals("true", "false");
            case "integer" -> ScalarSchemas.integer(schema);
            case "number" -> ScalarSchemas.number(schema);
            case "string" -> ScalarSchemas.string(schema);
            case "array" -> new ArraySchema(this, schema).expression();
            case "object" -> new ObjectSchema(this, schema).expression();
            default -> throw schema.refusal("type", "is " + type + ", which is no type");
        };
    }
}
