package io.github.pastkv.chat.tools;

import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A tool that a model may call. Immutable.
 *
 * @param name of 1 to 128 letters, digits, {@code _}, {@code -} and {@code .}
 * @param description what it does, for the model; may be empty
 * @param parameters the JSON schema of its arguments, an object; must not be changed
 */
public record ToolDefinition(String name, String description, ObjectNode parameters) {
    static final JsonMapper EXACT = JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES).build();

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

    /** Keywords that decide alone what an instance is. */
    private static final List<String> ALONE = List.of("$ref", "const", "enum", "allOf", "anyOf", "oneOf");

    public ToolDefinition {
        Objects.requireNonNull(name, "name: null");
        Objects.requireNonNull(description, "description: null");
        Objects.requireNonNull(parameters, "parameters: null");
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "name: '" + name + "', must be 1 to 128 letters, digits, '_', '-' and '.'");
        }
        if (!parameters.path("type").asString("object").equals("object")
                || ALONE.stream().anyMatch(parameters::has)) {
            throw new IllegalArgumentException("parameters: of tool " + name
                    + ", must be a schema of type object with properties, is " + shortened(parameters.toString()));
        }
    }

    /**
     * A tool whose parameters are given as text.
     *
     * @param parameters JSON schema of an object; empty for no parameters
     * @throws IllegalArgumentException if the name is not one, or the schema is no JSON object
     */
    public static ToolDefinition of(String name, String description, String parameters) {
        Objects.requireNonNull(parameters, "parameters: null");
        return new ToolDefinition(name, description,
                parameters.isEmpty() ? noParameters() : object("parameters", parameters));
    }

    private static ObjectNode noParameters() {
        ObjectNode schema = JsonMapper.shared().createObjectNode().put("type", "object");
        schema.putObject("properties");
        return schema;
    }

    /** The object that a JSON text is; decimals stay exact. */
    static ObjectNode object(String name, String text) {
        try {
            JsonNode json = EXACT.readTree(text);
            if (json instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException e) {
            throw new IllegalArgumentException(name + ": no JSON: " + e.getOriginalMessage(), e);
        }
        throw new IllegalArgumentException(name + ": must be a JSON object, is " + shortened(text));
    }

    /** Whether names may hold a character. */
    static boolean isNameCharacter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || "_.-".indexOf(c) >= 0;
    }

    private static String shortened(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }

    /** The definition as chat templates and OpenAI's interface have it. */
    public ObjectNode json() {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("type", "function");
        json.putObject("function").put("name", name).put("description", description).set("parameters", parameters);
        return json;
    }
}
