package io.github.pastkv.model.grammar.schema;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Which keywords a schema may have, and which together. */
final class SchemaKeywords {
    private static final List<String> TYPES = List.of("null", "boolean", "number", "string", "array", "object");
    private static final Set<String> ANNOTATIONS = Set.of("$schema", "$comment", "$defs", "definitions", "title",
            "description", "default", "examples", "deprecated", "readOnly", "writeOnly");
    private static final Map<String, String> TYPE_BY_KEYWORD = Map.ofEntries(
            Map.entry("minLength", "string"), Map.entry("maxLength", "string"), Map.entry("pattern", "string"),
            Map.entry("format", "string"), Map.entry("minimum", "number"), Map.entry("maximum", "number"),
            Map.entry("exclusiveMinimum", "number"), Map.entry("exclusiveMaximum", "number"),
            Map.entry("items", "array"), Map.entry("prefixItems", "array"), Map.entry("minItems", "array"),
            Map.entry("maxItems", "array"), Map.entry("uniqueItems", "array"), Map.entry("properties", "object"),
            Map.entry("required", "object"), Map.entry("additionalProperties", "object"));

    /** Each of these decides alone what an instance is. */
    private static final List<String> ALONE = List.of("$ref", "const", "enum", "allOf", "anyOf", "oneOf");

    private SchemaKeywords() {}

    /** Refuses a schema with keywords that are not supported, or not together. */
    static void check(SchemaNode schema) {
        if (!schema.json().isObject()) {
            throw new IllegalArgumentException("JSON schema: " + schema.pointer() + ": " + schema.json()
                    + ", must be an object or a boolean");
        }
        Collection<String> keywords = schema.json().propertyNames();
        for (String keyword : keywords) {
            boolean isKnown = ANNOTATIONS.contains(keyword) || TYPE_BY_KEYWORD.containsKey(keyword)
                    || ALONE.contains(keyword) || keyword.equals("type")
                    || (keyword.equals("$id") && schema.pointer().equals("#"));
            if (!isKnown) {
                throw schema.refusal(keyword, "is not supported");
            }
        }
        ALONE.stream().filter(keywords::contains).findFirst().ifPresent(alone -> checkAlone(schema, alone));
    }

    private static void checkAlone(SchemaNode schema, String alone) {
        boolean isConstant = alone.equals("const") || alone.equals("enum");
        for (String keyword : schema.json().propertyNames()) {
            boolean isFine = keyword.equals(alone) || ANNOTATIONS.contains(keyword) || keyword.equals("$id")
                    || (isConstant && keyword.equals("type"));
            if (!isFine) {
                throw schema.refusal(keyword, "beside '" + alone + "' is not supported");
            }
        }
        if (alone.equals("allOf") && schema.list("allOf").size() > 1) {
            throw schema.refusal("allOf", "of more than one schema is not supported");
        }
    }

    /** The types that an instance may have; {@code integer} only where {@code number} is not there too. */
    static Set<String> types(SchemaNode schema) {
        if (!schema.has("type")) {
            return new LinkedHashSet<>(TYPES);
        }
        Set<String> types = new LinkedHashSet<>();
        JsonNode given = schema.json().path("type");
        (given.isArray() ? given.values() : List.of(given)).forEach(type -> types.add(type.asString("")));
        for (String type : types) {
            if (!TYPES.contains(type) && !type.equals("integer")) {
                throw schema.refusal("type", "is " + given + ", must be a type or an array of types");
            }
        }
        if (types.contains("number")) {
            types.remove("integer");
        }
        return types;
    }

    /** The values of {@code const} or {@code enum} that are of the schema's type. */
    static List<JsonNode> constants(SchemaNode schema) {
        Set<String> types = types(schema);
        Collection<JsonNode> values =
                schema.has("const") ? List.of(schema.json().path("const")) : schema.values("enum");
        return values.stream().filter(value -> types.contains(typeOf(value))
                || (isInteger(value) && types.contains("integer"))).toList();
    }

    /** The type of a value; {@code number} for all numbers. */
    static String typeOf(JsonNode value) {
        return switch (value.getNodeType()) {
            case NULL -> "null";
            case BOOLEAN -> "boolean";
            case NUMBER -> "number";
            case STRING -> "string";
            case ARRAY -> "array";
            default -> "object";
        };
    }

    static boolean isInteger(JsonNode value) {
        return value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
    }
}
