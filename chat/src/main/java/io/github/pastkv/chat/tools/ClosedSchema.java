package io.github.pastkv.chat.tools;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A schema of arguments in which objects have the properties that they list and no others, unless it says that others
 * are allowed. Its instances are some of the original's. Below the arguments themselves, an object whose list is empty
 * stays open, since frameworks write maps in this way.
 */
final class ClosedSchema {
    private static final String OTHERS = "additionalProperties";
    private static final List<String> SCHEMAS = List.of("items", OTHERS);
    private static final List<String> LISTS = List.of("anyOf", "oneOf", "allOf", "prefixItems");
    private static final List<String> MAPS = List.of("properties", "$defs", "definitions");

    private ClosedSchema() {}

    static ObjectNode of(ObjectNode schema) {
        ObjectNode copy = schema.deepCopy().put("type", "object");
        if (copy.path("properties").isObject()) {
            closeItself(copy);
        }
        close(copy);
        return copy;
    }

    private static void close(JsonNode json) {
        if (!(json instanceof ObjectNode schema)) {
            return;
        }
        if (schema.path("properties").isObject() && !schema.path("properties").isEmpty()) {
            closeItself(schema);
        }
        SCHEMAS.forEach(name -> close(schema.path(name)));
        LISTS.forEach(name -> schema.path(name).forEach(ClosedSchema::close));
        MAPS.forEach(name -> schema.path(name).forEach(ClosedSchema::close));
    }

    private static void closeItself(ObjectNode schema) {
        if (!schema.has(OTHERS) && !schema.has("$ref") && requiresOnlyListed(schema)) {
            schema.put(OTHERS, false);
        }
    }

    private static boolean requiresOnlyListed(ObjectNode schema) {
        return schema.path("required").valueStream()
                .allMatch(name -> schema.path("properties").has(name.asString("")));
    }
}
