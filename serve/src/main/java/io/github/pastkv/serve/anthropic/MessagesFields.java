package io.github.pastkv.serve.anthropic;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Translates the fields of Anthropic's requests to those of the chat endpoint; refuses by name what it has not. */
final class MessagesFields {
    private static final int MAX_MESSAGES = 10_000;
    private static final int MAX_BLOCKS = 1000;
    private static final int MAX_STOPS = 16;
    private static final Set<String> ROLES = Set.of("user", "assistant");
    private static final List<String> SAME = List.of("model", "temperature", "top_p", "top_k", "stream");

    private final RequestFields fields;
    private final ObjectNode chat = JsonMapper.shared().createObjectNode();

    private MessagesFields(RequestFields fields) {
        this.fields = fields;
    }

    /** The fields of the chat endpoint for a message to be generated. */
    static RequestFields ofMessage(RequestFields fields) {
        MessagesFields translated = new MessagesFields(fields);
        translated.readGeneration();
        translated.readPrompt();
        return new RequestFields(translated.chat);
    }

    /** The fields of the tokenizer's endpoint for tokens to be counted. */
    static RequestFields ofCount(RequestFields fields) {
        MessagesFields translated = new MessagesFields(fields);
        fields.find("model").ifPresent(name -> translated.chat.set("model", name));
        translated.readPrompt();
        return new RequestFields(translated.chat);
    }

    private void readGeneration() {
        SAME.forEach(name -> fields.find(name).ifPresent(value -> chat.set(name, value)));
        chat.set("max_tokens", fields.find("max_tokens")
                .orElseThrow(() -> ApiException.badField("max_tokens", "is missing")));
        List<String> stops = fields.stringsOf("stop_sequences", MAX_STOPS);
        if (stops.contains("")) {
            throw ApiException.badField("stop_sequences", "one is empty");
        }
        ArrayNode stop = chat.putArray("stop");
        stops.forEach(stop::add);
        fields.ignoreHint("metadata");
        fields.refuseUnless("service_tier", "there is one tier", "auto", "standard_only");
        for (String name : List.of("container", "context_management", "mcp_servers", "output_format", "output_config",
                "inference_geo", "speed")) {
            fields.refuseUnless(name, "is not supported");
        }
    }

    private void readPrompt() {
        AnthropicTools.translate(fields, chat);
        fields.ignoreHint("cache_control"); // all prefixes are cached
        refuseThinking();
        ArrayNode messages = chat.putArray("messages");
        fields.find("system").ifPresent(system -> messages.addObject().put("role", "system").put("content",
                text("system", system)));
        JsonNode list = fields.find("messages").orElseThrow(() -> ApiException.badField("messages", "is missing"));
        if (RequestValues.requireArray("messages", list, MAX_MESSAGES).isEmpty()) {
            throw ApiException.badField("messages", "is empty");
        }
        for (int i = 0; i < list.size(); i++) {
            messages.addAll(messages("messages[" + i + "]", list.get(i)));
        }
        if (messages.get(messages.size() - 1).path("role").asString("").equals("assistant")) {
            throw ApiException.unsupported("messages", "the last is the assistant's, and cannot be continued");
        }
        fields.requireAllRead();
    }

    private void refuseThinking() {
        Optional<JsonNode> thinking = fields.find("thinking");
        if (thinking.isPresent() && !thinking.get().path("type").asString("").equals("disabled")) {
            throw ApiException.unsupported("thinking", "only {\"type\": \"disabled\"} is supported");
        }
    }

    private static List<ObjectNode> messages(String name, JsonNode json) {
        RequestFields message = RequestFields.of(name, json);
        try {
            String role = message.findString("role").orElseThrow(() -> ApiException.badField("role", "is missing"));
            if (!ROLES.contains(role)) {
                throw ApiException.badField("role", "'" + role + "', must be user or assistant");
            }
            JsonNode content =
                    message.find("content").orElseThrow(() -> ApiException.badField("content", "is missing"));
            message.requireAllRead();
            return new ContentBlocks(role).read(content);
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    /** A text, or the texts of blocks, one a line. */
    static String text(String name, JsonNode content) {
        if (content.isString()) {
            return content.stringValue();
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode block : RequestValues.requireArray(name, content, MAX_BLOCKS).values()) {
            texts.add(ContentBlocks.textOf(name + "[" + texts.size() + "]", block));
        }
        return String.join("\n", texts);
    }
}
