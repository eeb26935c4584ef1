package io.github.pastkv.chat.tools;

import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A call of a tool by a model. Immutable.
 *
 * @param id that the result of the call refers to
 * @param name of the tool
 * @param arguments JSON text of an object; the beginning of one for a call that was cut
 */
public record ToolCall(String id, String name, String arguments) {
    public ToolCall {
        Objects.requireNonNull(id, "id: null");
        Objects.requireNonNull(name, "name: null");
        Objects.requireNonNull(arguments, "arguments: null");
    }

    /**
     * The arguments as JSON; decimals stay exact.
     *
     * @throws IllegalArgumentException if they are no object, as those of a call that was cut
     */
    public ObjectNode argumentsJson() {
        return ToolDefinition.object("arguments", arguments);
    }

    /**
     * The call as chat templates have it, with its arguments as an object.
     *
     * @throws IllegalArgumentException if the arguments are no object
     */
    public ObjectNode json() {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("id", id).put("type", "function");
        json.putObject("function").put("name", name).set("arguments", argumentsJson());
        return json;
    }

    /**
     * A call from JSON, with its arguments as an object or as text.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static ToolCall of(JsonNode json) {
        JsonNode function = json.path("function");
        JsonNode arguments = function.path("arguments");
        if (!function.path("name").isString() || !(arguments.isObject() || arguments.isString())) {
            throw new IllegalArgumentException(
                    "tool_calls: a call must have a function with name and arguments, is " + json);
        }
        return new ToolCall(json.path("id").asString(""), function.path("name").stringValue(),
                arguments.isString() ? arguments.stringValue() : arguments.toString());
    }
}
