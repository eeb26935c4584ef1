package io.github.pastkv.serve.anthropic;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Translates the content of one of Anthropic's messages: calls of tools become those of a message of the chat endpoint,
 * and each result of a tool a message of its own.
 */
final class ContentBlocks {
    private static final int MAX_BLOCKS = 1000;

    private final String role;
    private final List<ObjectNode> messages = new ArrayList<>();
    private final List<String> texts = new ArrayList<>(); // of the next message
    private final ArrayNode calls = JsonMapper.shared().createArrayNode();

    ContentBlocks(String role) {
        this.role = role;
    }

    /** The messages of the chat endpoint. */
    List<ObjectNode> read(JsonNode content) {
        if (content.isString()) {
            texts.add(content.stringValue());
        } else {
            int number = 0;
            for (JsonNode block : RequestValues.requireArray("content", content, MAX_BLOCKS).values()) {
                read("content[" + number++ + "]", block);
            }
        }
        if (!texts.isEmpty() || !calls.isEmpty() || messages.isEmpty()) {
            endMessage();
        }
        return messages;
    }

    private void endMessage() {
        ObjectNode message = JsonMapper.shared().createObjectNode().put("role", role).put("content",
                String.join("\n", texts));
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
        messages.add(message);
        texts.clear();
    }

    private void read(String name, JsonNode json) {
        RequestFields block = RequestFields.of(name, json);
        try {
            String type = block.findString("type").orElse("");
            boolean isAnswer = role.equals("assistant");
            switch (type) {
                case "text" -> texts.add(text(block));
                case "tool_use" -> addCall(block, isAnswer);
                case "tool_result" -> addResult(block, isAnswer);
                default -> throw ApiException.unsupported("type",
                        "'" + type + "', only text, tool_use and tool_result are supported");
            }
            block.requireAllRead();
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    private void addCall(RequestFields block, boolean isAnswer) {
        if (!isAnswer) {
            throw ApiException.badField("type", "'tool_use', is allowed only for the assistant");
        }
        ObjectNode call = calls.addObject().put("id", requireString(block, "id")).put("type", "function");
        call.putObject("function").put("name", requireString(block, "name")).put("arguments",
                block.find("input").map(input -> RequestValues.requireObject("input", input).toString()).orElse("{}"));
        block.ignoreHint("cache_control"); // all prefixes are cached
        block.refuseUnless("caller", "is not supported");
    }

    /** Whether a result is an error is for its content to say: templates know no such field. */
    private void addResult(RequestFields block, boolean isAnswer) {
        if (isAnswer) {
            throw ApiException.badField("type", "'tool_result', is allowed only for the user");
        }
        if (!texts.isEmpty()) {
            endMessage();
        }
        messages.add(JsonMapper.shared().createObjectNode().put("role", "tool")
                .put("content", block.find("content").map(json -> MessagesFields.text("content", json)).orElse(""))
                .put("tool_call_id", requireString(block, "tool_use_id")));
        block.booleanOr("is_error", false);
        block.ignoreHint("cache_control");
    }

    private static String requireString(RequestFields block, String name) {
        return block.findString(name).orElseThrow(() -> ApiException.badField(name, "is missing"));
    }

    /** The text of a block that must be one. */
    static String textOf(String name, JsonNode json) {
        RequestFields block = RequestFields.of(name, json);
        try {
            String type = block.findString("type").orElse("");
            if (!type.equals("text")) {
                throw ApiException.unsupported("type", "'" + type + "', only text is supported");
            }
            String text = text(block);
            block.requireAllRead();
            return text;
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    private static String text(RequestFields block) {
        String text = requireString(block, "text");
        block.ignoreHint("cache_control"); // all prefixes are cached
        block.refuseUnless("citations", "is not supported", List.of());
        return text;
    }
}
