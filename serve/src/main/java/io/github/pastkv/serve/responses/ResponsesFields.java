package io.github.pastkv.serve.responses;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Translates the fields of {@code /v1/responses} to those of the chat endpoint; refuses by name what it has not. */
final class ResponsesFields {
    private static final int MAX_ITEMS = 10_000;
    private static final String LOG_PROBABILITIES = "message.output_text.logprobs";
    private static final Set<String> INCLUDABLE = Set.of(LOG_PROBABILITIES, "reasoning.encrypted_content");
    private static final List<String> SAME = List.of("model", "temperature", "top_p", "top_k", "min_p", "seed",
            "stream", "user", "prompt_cache_key", "safety_identifier", "service_tier", "cache_salt",
            "cache_prompt", "reuse_generated_tokens", "priority", "presence_penalty", "frequency_penalty",
            "ignore_eos");

    /** What a field of chats is called here. */
    private static final Map<Pattern, String> NAMES = Map.of(
            Pattern.compile("^response_format(\\.json_schema)?"), "text.format",
            Pattern.compile("^max_completion_tokens"), "max_output_tokens",
            Pattern.compile("^(tools\\[\\d+]|tool_choice)\\.function"), "$1",
            Pattern.compile("^(tool_choice)\\.allowed_tools(?:(\\.tools\\[\\d+])\\.function)?"), "$1$2");

    private final RequestFields fields;
    private final ObjectNode chat = JsonMapper.shared().createObjectNode();

    private ResponsesFields(RequestFields fields) {
        this.fields = fields;
    }

    static RequestFields toChat(RequestFields fields) {
        ResponsesFields translated = new ResponsesFields(fields);
        SAME.forEach(name -> fields.find(name).ifPresent(value -> translated.chat.set(name, value)));
        fields.findInt("max_output_tokens", 1, Integer.MAX_VALUE)
                .ifPresent(tokens -> translated.chat.put("max_completion_tokens", tokens));
        translated.readStreamOptions();
        translated.readLogProbabilities();
        translated.readInput();
        translated.readTextFormat();
        ResponsesTools.translate(fields, translated.chat);
        translated.refuseOthers();
        fields.requireAllRead();
        return new RequestFields(translated.chat);
    }

    /** An error of the chat endpoint, by the names that its fields have here. */
    static ApiException inTheirNames(ApiException e) {
        ApiException renamed = e;
        for (Map.Entry<Pattern, String> name : NAMES.entrySet()) {
            renamed = renamed.renamed(name.getKey(), name.getValue());
        }
        return renamed;
    }

    private void readStreamOptions() {
        Optional<JsonNode> json = fields.find("stream_options");
        if (json.isEmpty()) {
            return;
        }
        if (!fields.booleanOr("stream", false)) {
            throw ApiException.badField("stream_options", "is allowed only with stream: true");
        }
        RequestFields options = RequestFields.of("stream_options", json.get());
        try {
            options.refuseUnless("include_obfuscation", "is not supported", false);
            options.requireAllRead();
        } catch (ApiException e) {
            throw e.within("stream_options");
        }
    }

    private void readLogProbabilities() {
        List<String> included = fields.stringsOf("include", MAX_ITEMS);
        for (String each : included) {
            if (!INCLUDABLE.contains(each)) { // of reasoning there is none
                throw ApiException.unsupported("include", "'" + each + "', only " + LOG_PROBABILITIES);
            }
        }
        Optional<JsonNode> best = fields.find("top_logprobs");
        if (included.contains(LOG_PROBABILITIES)) {
            chat.put("logprobs", true);
            best.ifPresent(number -> chat.set("top_logprobs", number));
        } else if (best.isPresent()) {
            throw ApiException.badField("top_logprobs", "is allowed only with include: " + LOG_PROBABILITIES);
        }
    }

    private void readInput() {
        ArrayNode messages = chat.putArray("messages");
        fields.findString("instructions").ifPresent(text -> add(messages, "system", text));
        JsonNode input = fields.find("input").orElseThrow(() -> ApiException.badField("input", "is missing"));
        if (input.isString()) {
            add(messages, "user", input.stringValue());
            return;
        }
        if (RequestValues.requireArray("input", input, MAX_ITEMS).isEmpty()) {
            throw ApiException.badField("input", "is empty");
        }
        for (int i = 0; i < input.size(); i++) {
            addItem(messages, "input[" + i + "]", input.get(i));
        }
    }

    private static void addItem(ArrayNode messages, String name, JsonNode json) {
        RequestFields item = RequestFields.of(name, json);
        try {
            String type = item.findString("type").orElse("message");
            item.ignoreHint("id"); // of an item that has come back
            item.ignoreHint("status");
            switch (type) {
                case "message" -> addMessage(messages, item);
                case "function_call" -> ResponsesTools.addCall(messages, item);
                case "function_call_output" -> messages.addObject().put("role", "tool")
                        .put("content", text(require(item, "output")))
                        .set("tool_call_id", require(item, "call_id"));
                default -> throw ApiException.unsupported("type",
                        "'" + type + "', only message, function_call and function_call_output are supported");
            }
            item.requireAllRead();
        } catch (ApiException e) {
            throw e.within(name);
        }
    }

    private static JsonNode require(RequestFields item, String name) {
        return item.find(name).orElseThrow(() -> ApiException.badField(name, "is missing"));
    }

    private static void add(ArrayNode messages, String role, String text) {
        messages.addObject().put("role", role).put("content", text);
    }

    private static void addMessage(ArrayNode messages, RequestFields item) {
        String role = item.findString("role").orElseThrow(() -> ApiException.badField("role", "is missing"));
        if (!Set.of("user", "assistant", "system", "developer").contains(role)) {
            throw ApiException.badField("role", "'" + role + "', must be user, assistant, system or developer");
        }
        add(messages, role, text(require(item, "content")));
    }

    /** A text, or the texts of parts, one a line. */
    private static String text(JsonNode content) {
        if (content.isString()) {
            return content.stringValue();
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode json : RequestValues.requireArray("content", content, MAX_ITEMS).values()) {
            String name = "content[" + texts.size() + "]";
            RequestFields part = RequestFields.of(name, json);
            try {
                texts.add(partText(part));
            } catch (ApiException e) {
                throw e.within(name);
            }
        }
        return String.join("\n", texts);
    }

    private static String partText(RequestFields part) {
        String type = part.findString("type").orElse("");
        if (!type.equals("input_text") && !type.equals("output_text")) {
            throw ApiException.unsupported("type", "'" + type + "', only input_text and output_text are supported");
        }
        String text = part.findString("text").orElseThrow(() -> ApiException.badField("text", "is missing"));
        part.ignoreHint("annotations"); // of a message that has come back
        part.ignoreHint("logprobs");
        part.requireAllRead();
        return text;
    }

    private void refuseOthers() {
        fields.refuseUnless("store", "responses are not stored", false);
        fields.refuseUnless("previous_response_id", "responses are not stored, send the whole conversation as input");
        fields.refuseUnless("conversation", "conversations are not stored");
        fields.refuseUnless("background", "is not supported", false);
        fields.refuseUnless("max_tool_calls", "tools of the server are not supported");
        fields.refuseUnless("truncation", "a prompt is never cut", "disabled");
        fields.refuseUnless("prompt", "stored prompts are not supported");
        refuseSettings("reasoning", Set.of());
        refuseSettings("text", Set.of("format"));
        fields.ignoreHint("metadata");
    }

    /** {@code text.format}, whose schema is not in an object of its own as in chats. */
    private void readTextFormat() {
        Optional<JsonNode> format = fields.find("text")
                .map(text -> RequestValues.requireObject("text", text).path("format"))
                .filter(json -> !json.isMissingNode() && !json.isNull());
        if (format.isEmpty()) {
            return;
        }
        ObjectNode json = RequestValues.requireObject("text.format", format.get());
        if (json.path("type").asString("").equals("json_schema")) {
            ObjectNode named = json.deepCopy();
            named.remove("type");
            chat.putObject("response_format").put("type", "json_schema").set("json_schema", named);
        } else {
            chat.set("response_format", json);
        }
    }

    /** Refuses the settings of an object but some. */
    private void refuseSettings(String name, Set<String> read) {
        Optional<JsonNode> json = fields.find(name);
        if (json.isEmpty()) {
            return;
        }
        for (var each : RequestValues.requireObject(name, json.get()).properties()) {
            if (!each.getValue().isNull() && !read.contains(each.getKey())) {
                throw ApiException.unsupported(name + "." + each.getKey(), "is not supported");
            }
        }
    }
}
