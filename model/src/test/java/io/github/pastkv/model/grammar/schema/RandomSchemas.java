package io.github.pastkv.model.grammar.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Random schemas of all keywords that are supported. The format {@code email} is left out: the validator asks besides
 * that a domain ends in one of the names that are registered today.
 */
final class RandomSchemas {
    private static final int ROOT_DEPTH = 3; // of schemas within schemas
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final List<String> NAMES = List.of("a", "ab", "abc", "b\"", "\\", "\u00e9\n", "name", "");
    private static final List<String> PATTERNS = List.of("^[a-c]{1,3}$", "x", "^\\d+(\\.\\d+)?$", "^(\"|\\\\|\n)*$",
            "[^a-z]{2}", "^\u00e9|\ud83d\ude00$");
    private static final List<String> FORMATS = List.of("date", "time", "date-time", "uuid");

    private final Random random;
    private final ObjectNode root = MAPPER.createObjectNode();
    private final int numDefinitions;

    private RandomSchemas(Random random) {
        this.random = random;
        this.numDefinitions = random.nextInt(3);
    }

    static ObjectNode next(Random random) {
        RandomSchemas schemas = new RandomSchemas(random);
        schemas.fill(schemas.root, ROOT_DEPTH);
        if (schemas.numDefinitions > 0) {
            ObjectNode definitions = schemas.root.putObject("$defs");
            for (int i = 0; i < schemas.numDefinitions; i++) {
                schemas.fill(definitions.putObject("d" + i), 2);
            }
        }
        return schemas.root;
    }

    private ObjectNode schema(int depth) {
        ObjectNode schema = MAPPER.createObjectNode();
        fill(schema, depth);
        return schema;
    }

    private void fill(ObjectNode schema, int depth) {
        if (random.nextInt(6) == 0) {
            schema.put("description", "some words");
        }
        switch (random.nextInt(depth == 0 ? 6 : 12)) {
            case 0 -> string(schema.put("type", "string"));
            case 1 -> number(schema.put("type", random.nextBoolean() ? "integer" : "number"));
            case 2 -> schema.put("type", random.nextBoolean() ? "boolean" : "null");
            case 3 -> constants(schema);
            case 4 -> types(schema);
            case 5 -> {
                if (numDefinitions > 0 && depth < ROOT_DEPTH) {
                    schema.put("$ref", "#/$defs/d" + random.nextInt(numDefinitions));
                }
            }
            case 6, 7, 8 -> object(schema.put("type", "object"), depth);
            case 9 -> array(schema.put("type", "array"), depth);
            case 10 -> some(schema.putArray("anyOf"), depth);
            default -> {
                ArrayNode branches = schema.putArray("oneOf");
                branches.add(schema(0).removeAll().put("type", "null"));
                object(branches.addObject().put("type", "object"), depth);
                string(branches.addObject().put("type", "string"));
            }
        }
    }

    private void some(ArrayNode schemas, int depth) {
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            schemas.add(schema(depth - 1));
        }
    }

    private void string(ObjectNode schema) {
        switch (random.nextInt(5)) {
            case 0 -> schema.put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
            case 1 -> schema.put("format", FORMATS.get(random.nextInt(FORMATS.size())));
            case 2 -> {
                int min = random.nextInt(4);
                schema.put("minLength", min).put("maxLength", min + random.nextInt(4));
            }
            default -> {}
        }
    }

    private void number(ObjectNode schema) {
        double min = random.nextInt(400) / 4.0 - 50;
        if (random.nextInt(3) > 0) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", min);
        }
        if (random.nextInt(3) > 0) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", min + 1.5 + random.nextInt(2000) / 8.0);
        }
    }

    private void constants(ObjectNode schema) {
        ArrayNode values = schema.putArray("enum");
        values.add("red").add("r\"e\u0007d").add(3).add(2.5).add(true).addNull();
        values.addObject().put("k", 1).putArray("l").add("x").add(2);
        if (random.nextBoolean()) {
            schema.put("type", "string");
        }
    }

    private void types(ObjectNode schema) {
        schema.putArray("type").add("integer").add("null").add(random.nextBoolean() ? "string" : "array");
        if (random.nextBoolean()) {
            schema.put("minimum", 3).put("maxLength", 5).put("maxItems", 1);
        }
    }

    private void object(ObjectNode schema, int depth) {
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = MAPPER.createArrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            properties.set(name, schema(depth - 1));
            if (random.nextBoolean() && !new ArrayList<>(required.values()).toString().contains(name)) {
                required.add(name);
            }
        }
        if (random.nextInt(6) == 0) {
            required.add("extra");
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
        if (random.nextInt(3) > 0) {
            schema.put("additionalProperties", false);
        } else if (random.nextBoolean()) {
            schema.set("additionalProperties", schema(0));
        }
    }

    private void array(ObjectNode schema, int depth) {
        if (random.nextBoolean()) {
            some(schema.putArray("prefixItems"), depth);
        }
        if (random.nextInt(4) == 0) {
            schema.put("items", false);
        } else {
            schema.set("items", schema(depth - 1));
        }
        if (random.nextBoolean()) {
            int min = random.nextInt(3);
            schema.put("minItems", min).put("maxItems", min + random.nextInt(3));
        }
    }
}
