package io.github.pastkv.serve.openai;

import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads {@code messages} of a chat: texts, calls of tools and their results. */
final class Messages {
    private static final int MAX_MESSAGES = 10_000;
    private static final int MAX_PARTS = 1000;
    private static final int MAX_CALLS = 1000;
    private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");

    private Messages() {}

    static List<ChatMessage> read(JsonNode messages) {
        RequestValues.requireArray("messages", messages, MAX_MESSAGES);
        if (messages.isEmpty()) {
            throw ApiException.badField("messages", "is empty");
        }
        List<ChatMessage> list = new ArrayList<>();
        for (JsonNode message : messages.values()) {
            String name = "messages[" + list.size() + "]";
            RequestFields fields = RequestFields.of(name, message);
            try {
                list.add(read(fields));
            } catch (ApiException e) {
                throw e.within(name);
            }
        }
        return list;
    }

    private static ChatMessage read(RequestFields fields) {
        String role = role(fields);
        List<ToolCall> calls = role.equals("assistant") ? calls(fields) : List.of();
        String content = calls.isEmpty() || fields.find("content").isPresent() ? text(fields) : "";
        ObjectNode json = calls.isEmpty()
                ? JsonMapper.shared().createObjectNode().put("role", role).put("content", content)
                : ChatMessage.assistant(content, calls).json();
        fields.findString("name").ifPresent(name -> json.put("name", name));
        if (role.equals("tool")) {
            json.put("tool_call_id", fields.findString("tool_call_id")
                    .orElseThrow(() -> ApiException.badField("tool_call_id", "is missing")));
        }
        if (!role.equals("assistant")) {
            fields.refuseUnless("tool_calls", "is allowed only for the assistant", List.of());
        }
        fields.refuseUnless("function_call", "the older form of tool_calls is not supported");
        fields.refuseUnless("refusal", "is not supported");
        fields.refuseUnless("audio", "audio is not supported");
        fields.refuseUnless("annotations", "is not supported", List.of());
        fields.requireAllRead();
        return ChatMessage.of(json);
    }

    private static List<ToolCall> calls(RequestFields fields) {
        Optional<JsonNode> list = fields.find("tool_calls");
        List<ToolCall> calls = new ArrayList<>();
        if (list.isPresent()) {
            for (JsonNode json : RequestValues.requireArray("tool_calls", list.get(), MAX_CALLS).values()) {
                String name = "tool_calls[" + calls.size() + "]";
                RequestFields call = RequestFields.of(name, json);
                try {
                    calls.add(call(call));
                    call.requireAllRead();
                } catch (ApiException e) {
                    throw e.within(name);
                }
            }
        }
        return calls;
    }

    private static ToolCall call(RequestFields call) {
        String type = call.findString("type").orElse("function");
        if (!type.equals("function")) {
            throw ApiException.unsupported("type", "'" + type + "', only function is supported");
        }
        String id = call.findString("id").orElseThrow(() -> ApiException.badField("id", "is missing"));
        JsonNode json = call.find("function").orElseThrow(() -> ApiException.badField("function", "is missing"));
        call.ignoreHint("index"); // of a stream, which some clients send back
        RequestFields function = RequestFields.of("function", json);
        try {
            String name = function.findString("name").orElseThrow(() -> ApiException.badField("name", "is missing"));
            ToolCall read = new ToolCall(id, name, function.findString("arguments").orElse("{}"));
            function.requireAllRead();
            read.argumentsJson();
            return read;
        } catch (ApiException e) {
            throw e.within("function");
        } catch (IllegalArgumentException e) {
            throw ApiException.badField("arguments", String.valueOf(e.getMessage()).substring("arguments: ".length()))
                    .within("function");
        }
    }

    /** The role, with OpenAI's newer name of the system's. */
    private static String role(RequestFields fields) {
        String role = fields.findString("role").orElseThrow(() -> ApiException.badField("role", "is missing"));
        if (role.equals("developer")) {
            return "system";
        }
        if (role.equals("function")) {
            throw ApiException.unsupported("role", "'function', the older form of 'tool', is not supported");
        }
        if (!ROLES.contains(role)) {
            throw ApiException.badField("role", "'" + role + "', must be system, developer, user, assistant or tool");
        }
        return role;
    }

    /** The content: a text, or the texts of its parts, one a line. */
    static String text(RequestFields fields) {
        Optional<JsonNode> content = fields.find("content");
        if (content.isEmpty()) {
            throw ApiException.badField("content", "is missing");
        }
        if (content.get().isString()) {
            return content.get().stringValue();
        }
        List<String> parts = new ArrayList<>();
        for (JsonNode part : RequestValues.requireArray("content", content.get(), MAX_PARTS).values()) {
            parts.add(part("content[" + parts.size() + "]", part));
        }
        return String.join("\n", parts);
    }

    private static String part(String name, JsonNode json) {
        RequestFields part = RequestFields.of(name, json);
        try {
            String type = part.findString("type").orElse("");
            if (!type.equals("text")) {
                throw ApiException.unsupported("type", "'" + type + "', only text is supported");
            }
            String text = part.findString("text").orElseThrow(() -> ApiException.badField("text", "is missing"));
            part.requireAllRead();
            return text;
        } catch (ApiException e) {
            throw e.within(name);
        }
    }
}
