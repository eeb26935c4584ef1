package io.github.pastkv.serve.openai;

import io.github.pastkv.chat.ChatMessage;
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

/** Reads {@code messages} of a chat: texts only. */
final class Messages {
    private static final int MAX_MESSAGES = 10_000;
    private static final int MAX_PARTS = 1000;
    private static final Set<String> ROLES = Set.of("system", "user", "assistant");

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
        ObjectNode json = JsonMapper.shared().createObjectNode().put("role", role(fields)).put("content", text(fields));
        fields.findString("name").ifPresent(name -> json.put("name", name));
        fields.refuseUnless("tool_calls", "tools are not supported yet", List.of());
        fields.refuseUnless("tool_call_id", "tools are not supported yet");
        fields.refuseUnless("function_call", "tools are not supported yet");
        fields.refuseUnless("refusal", "is not supported");
        fields.refuseUnless("audio", "audio is not supported");
        fields.refuseUnless("annotations", "is not supported", List.of());
        fields.requireAllRead();
        return ChatMessage.of(json);
    }

    /** The role, with OpenAI's newer name of the system's. */
    private static String role(RequestFields fields) {
        String role = fields.findString("role").orElseThrow(() -> ApiException.badField("role", "is missing"));
        if (role.equals("developer")) {
            return "system";
        }
        if (role.equals("tool") || role.equals("function")) {
            throw ApiException.unsupported("role", "'" + role + "', tools are not supported yet");
        }
        if (!ROLES.contains(role)) {
            throw ApiException.badField("role", "'" + role + "', must be system, developer, user or assistant");
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
