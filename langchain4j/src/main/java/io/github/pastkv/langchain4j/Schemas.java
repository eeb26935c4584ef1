package io.github.pastkv.langchain4j;

import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** LangChain4j's schemas as JSON schemas. */
final class Schemas {
    private Schemas() {}

    /**
     * The text of a schema. Objects whose schema names properties, and does not say whether there are others, get no
     * others: they are instances all the same, and the classes that they are read into would refuse them. A raw schema
     * stays as it is.
     */
    static String toJson(JsonSchemaElement element) {
        if (element instanceof JsonRawSchema raw) {
            return raw.schema();
        }
        JsonNode json = JsonMapper.shared().valueToTree(JsonSchemaElementUtils.toMap(element));
        close(json);
        return json.toString();
    }

    private static void close(JsonNode schema) {
        if (schema instanceof ObjectNode object && !object.path("properties").isEmpty()
                && !object.has("additionalProperties")) {
            object.put("additionalProperties", false);
        }
        schema.path("properties").forEach(Schemas::close);
        schema.path("$defs").forEach(Schemas::close);
        schema.path("anyOf").forEach(Schemas::close);
        if (schema.path("items").isObject()) {
            close(schema.path("items"));
        }
    }
}
