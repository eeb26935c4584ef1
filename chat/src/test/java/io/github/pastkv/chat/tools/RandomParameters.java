package io.github.pastkv.chat.tools;

import java.util.List;
import java.util.Random;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Random schemas of parameters, as frameworks make them from methods and records. */
final class RandomParameters {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final List<String> NAMES =
            List.of("city", "days", "x\"y", "\u00e9t\u00e9", "a", "arguments", "name");

    private final Random random;

    private RandomParameters(Random random) {
        this.random = random;
    }

    static ObjectNode next(Random random) {
        RandomParameters parameters = new RandomParameters(random);
        ObjectNode schema = parameters.object(3);
        if (random.nextInt(4) == 0) {
            schema.putObject("$defs").set("node", parameters.object(1));
            ((ObjectNode) schema.path("properties")).putObject("node").put("$ref", "#/$defs/node");
        }
        if (random.nextInt(8) == 0) {
            schema.remove("type");
        }
        return schema;
    }

    private ObjectNode object(int depth) {
        ObjectNode schema = MAPPER.createObjectNode().put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = MAPPER.createArrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            if (!properties.has(name)) {
                properties.set(name, value(depth - 1));
                if (random.nextBoolean()) {
                    required.add(name);
                }
            }
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
        if (random.nextInt(4) == 0) {
            schema.put("additionalProperties", random.nextInt(3) == 0);
        }
        return schema;
    }

    private ObjectNode value(int depth) {
        ObjectNode schema = MAPPER.createObjectNode().put("description", "what it is");
        switch (random.nextInt(depth > 0 ? 9 : 6)) {
            case 0 -> schema.put("type", "string");
            case 1 -> schema.putArray("enum").add("celsius").add("fahren\"heit").add("<tool_call>");
            case 2 -> schema.put("type", "integer").put("format", "int32");
            case 3 -> schema.put("type", "number").put("minimum", random.nextInt(10) - 5).put("maximum", 7.5);
            case 4 -> schema.put("type", "boolean");
            case 5 -> schema.put("type", "string").put("format", "date");
            case 6 -> schema.put("type", "array").put("maxItems", 3).set("items", value(depth - 1));
            case 7 -> schema.putArray("anyOf").add(value(depth - 1)).add(MAPPER.createObjectNode().put("type", "null"));
            default -> schema.setAll(object(depth));
        }
        return schema;
    }
}
