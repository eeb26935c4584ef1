package io.github.pastkv.serve.responses;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Translates tools of {@code /v1/responses}, whose functions have no object of their own, to those of chats. */
final class ResponsesTools {
    private static final int MAX_TOOLS = 128;
    private static final List<String> FUNCTION = List.of("name", "description", "parameters", "strict");

    private ResponsesTools() {}

    static void translate(RequestFields fields, ObjectNode chat) {
        Optional<JsonNode> list = fields.find("tools");
        if (list.isPresent()) {
            ArrayNode tools = chat.putArray("tools");
            for (JsonNode json : RequestValues.requireArray("tools", list.get(), MAX_TOOLS).values()) {
                tools.add(nested("tools[" + tools.size() + "]", json, FUNCTION));
            }
        }
        fields.find("tool_choice").ifPresent(choice -> chat.set("tool_choice", choice(choice)));
        fields.find("parallel_tool_calls").ifPresent(value -> chat.set("parallel_tool_calls", value));
    }

    /** A function, with some fields in an object of their own. */
    private static ObjectNode nested(String name, JsonNode json, List<String> inFunction) {
        RequestFields tool = RequestFields.of(name, json);
        try {
            String type = tool.findString("type").orElseThrow(() -> ApiException.badField("type", "is missing"));
            if (!type.equals("function")) {
                throw ApiException.unsupported("type", "'" + type + "', only function is supported");
            }
            ObjectNode function = RequestValues.requireObject(name, json).objectNode();
            inFunction.forEach(field -> tool.find(field).ifPresent(value -> function.set(field, value)));
            tool.requireAllRead();
            ObjectNode nested = function.objectNode().put("type", type);
            nested.set("function", function);
            return nested;
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    private static JsonNode choice(JsonNode choice) {
        if (!(choice instanceof ObjectNode object)) {
            return choice;
        }
        if (!object.path("type").asString("").equals("allowed_tools")) {
            return nested("tool_choice", object, List.of("name"));
        }
        ObjectNode allowed = object.deepCopy();
        allowed.remove("type");
        ArrayNode tools = object.arrayNode();
        JsonNode given = RequestValues.requireArray("tool_choice.tools", object.path("tools"), MAX_TOOLS);
        given.values().forEach(
                tool -> tools.add(nested("tool_choice.tools[" + tools.size() + "]", tool, List.of("name"))));
        allowed.set("tools", tools);
        ObjectNode nested = object.objectNode().put("type", "allowed_tools");
        nested.set("allowed_tools", allowed);
        return nested;
    }

    /** Adds a call that has come back to the message of the assistant that it belongs to. */
    static void addCall(ArrayNode messages, RequestFields item) {
        ObjectNode message = last(messages);
        ArrayNode calls = message.path("tool_calls") instanceof ArrayNode list ? list : message.putArray("tool_calls");
        ObjectNode call = calls.addObject().put("type", "function");
        call.set("id", require(item, "call_id"));
        ObjectNode function = call.putObject("function");
        function.set("name", require(item, "name"));
        function.set("arguments", require(item, "arguments"));
        item.refuseUnless("namespace", "is not supported");
    }

    private static ObjectNode last(ArrayNode messages) {
        boolean isAnswer = !messages.isEmpty()
                && messages.get(messages.size() - 1).path("role").asString("").equals("assistant");
        return isAnswer
                ? (ObjectNode) messages.get(messages.size() - 1)
                : messages.addObject().put("role", "assistant").put("content", "");
    }

    private static JsonNode require(RequestFields item, String name) {
        return item.find(name).orElseThrow(() -> ApiException.badField(name, "is missing"));
    }
}
