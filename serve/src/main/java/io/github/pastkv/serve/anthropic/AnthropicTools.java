package io.github.pastkv.serve.anthropic;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Translates Anthropic's {@code tools} and {@code tool_choice} to those of the chat endpoint. */
final class AnthropicTools {
    private static final int MAX_TOOLS = 128;

    private AnthropicTools() {}

    static void translate(RequestFields fields, ObjectNode chat) {
        Optional<JsonNode> list = fields.find("tools");
        if (list.isPresent()) {
            ArrayNode tools = chat.putArray("tools");
            for (JsonNode json : RequestValues.requireArray("tools", list.get(), MAX_TOOLS).values()) {
                addTool(tools, "tools[" + tools.size() + "]", json);
            }
        }
        Optional<JsonNode> choice = fields.find("tool_choice");
        if (choice.isPresent()) {
            RequestFields inner = RequestFields.of("tool_choice", choice.get());
            try {
                translateChoice(inner, chat);
                inner.requireAllRead();
            } catch (ApiException e) {
                throw e.within("tool_choice");
            }
        }
    }

    private static void addTool(ArrayNode tools, String name, JsonNode json) {
        RequestFields tool = RequestFields.of(name, json);
        try {
            String type = tool.findString("type").orElse("custom");
            if (!type.equals("custom")) {
                throw ApiException.unsupported("type", "'" + type + "', tools of the server are not supported");
            }
            ObjectNode translated = tools.addObject().put("type", "function");
            ObjectNode function = translated.putObject("function");
            List.of("name", "description", "strict")
                    .forEach(field -> tool.find(field).ifPresent(value -> function.set(field, value)));
            function.set("parameters", tool.find("input_schema")
                    .orElseThrow(() -> ApiException.badField("input_schema", "is missing")));
            tool.ignoreHint("cache_control"); // all prefixes are cached
            tool.requireAllRead();
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    private static void translateChoice(RequestFields choice, ObjectNode chat) {
        String type = choice.findString("type").orElseThrow(() -> ApiException.badField("type", "is missing"));
        switch (type) {
            case "auto", "none" -> chat.put("tool_choice", type);
            case "any" -> chat.put("tool_choice", "required");
            case "tool" -> chat.putObject("tool_choice").put("type", "function").putObject("function").put("name",
                    choice.findString("name").orElseThrow(() -> ApiException.badField("name", "is missing")));
            default -> throw ApiException.badField("type", "'" + type + "', must be auto, any, tool or none");
        }
        if (choice.booleanOr("disable_parallel_tool_use", false)) {
            chat.put("parallel_tool_calls", false);
        }
    }
}
