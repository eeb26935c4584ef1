package io.github.pastkv.model.grammar.schema;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/** Finds the schemas that {@code $ref} names. */
record References(JsonNode document) {
    /** The schema that {@code $ref} of a schema names, in the same document. */
    SchemaNode target(SchemaNode schema) {
        String reference = schema.text("$ref");
        if (!reference.equals("#") && !reference.startsWith("#/")) {
            throw schema.refusal("$ref", "is " + reference + ", supported are # and #/... within the document");
        }
        String pointer = decoded(schema, reference.substring(1));
        JsonNode found = document.at(pointer);
        if (found.isMissingNode()) {
            throw schema.refusal("$ref", "is " + reference + ", which is not in the document");
        }
        return new SchemaNode(found, '#' + pointer);
    }

    private static String decoded(SchemaNode schema, String fragment) {
        try {
            return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw schema.refusal("$ref", "is #" + fragment + ", whose percent signs begin no bytes");
        }
    }
}
