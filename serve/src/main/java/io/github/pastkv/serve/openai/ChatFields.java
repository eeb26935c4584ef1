package io.github.pastkv.serve.openai;

import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.chat.ToolFormats;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import io.github.pastkv.serve.run.ServedModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/** Reads the fields that only the chat endpoint has. */
final class ChatFields {
    private ChatFields() {}

    /** How many log-probabilities of each token of the answer are asked for. */
    static int logProbabilities(RequestFields fields) {
        boolean isOn = fields.booleanOr("logprobs", false);
        OptionalInt number = fields.findInt("top_logprobs", 0, GenerationFields.MAX_LOG_PROBABILITIES);
        if (number.isPresent() && !isOn) {
            throw ApiException.badField("top_logprobs", "is allowed only with logprobs: true");
        }
        return isOn ? number.orElse(0) : GenerationOptions.NO_LOG_PROBABILITIES;
    }

    /** {@code max_completion_tokens}, or else its older name. */
    static OptionalInt maxTokens(RequestFields fields) {
        OptionalInt older = fields.findInt("max_tokens", 1, Integer.MAX_VALUE);
        OptionalInt newer = fields.findInt("max_completion_tokens", 1, Integer.MAX_VALUE);
        return newer.isPresent() ? newer : older;
    }

    /** The tokens of {@code messages}, written by a format. */
    static int[] prompt(RequestFields fields, ChatFormat format, String promptName) {
        JsonNode messages = fields.find("messages").orElseThrow(() -> ApiException.badField("messages", "is missing"));
        try {
            return format.encode(Messages.read(messages));
        } catch (IllegalArgumentException e) { // the template says what it does not take
            throw ApiException.badField(promptName, String.valueOf(e.getMessage()));
        }
    }

    /**
     * The model's format, with the variables and the tools of the request.
     *
     * @param text what an answer must be one of that calls no tool
     */
    static ChatFormat format(RequestFields fields, ServedModel model, Optional<GrammarFields.AnswerGrammar> text) {
        Optional<JsonNode> variables = fields.find("chat_template_kwargs");
        Tools tools = new ToolFields(fields).read();
        ToolFormats formats = variables.isEmpty()
                ? model.toolFormats()
                : new ToolFormats(withVariables(variables.get(), model));
        try {
            return formats.of(text.isPresent() ? tools.withText(text.get().grammar()) : tools);
        } catch (IllegalArgumentException e) {
            throw refusal(String.valueOf(e.getMessage()), text);
        }
    }

    private static ApiException refusal(String message, Optional<GrammarFields.AnswerGrammar> text) {
        if (text.isPresent() && message.startsWith("text: ")) {
            return ApiException.unsupported(text.get().field(), message.substring(6));
        }
        return ApiException.unsupported("tools", message.startsWith("tools: ") ? message.substring(7) : message);
    }

    private static ChatFormat withVariables(JsonNode variables, ServedModel model) {
        if (!(model.chatFormat() instanceof ChatTemplate template)) {
            throw ApiException.unsupported("chat_template_kwargs", "the model has no chat template");
        }
        if (!variables.isObject()) {
            throw RequestValues.wrongType("chat_template_kwargs", "an object", variables);
        }
        Map<String, JsonNode> values = new HashMap<>();
        variables.properties().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
        for (String reserved : List.of("messages", "add_generation_prompt", "tools", "documents")) {
            if (values.containsKey(reserved)) {
                throw ApiException.unsupported("chat_template_kwargs." + reserved, "cannot be set here");
            }
        }
        try {
            return template.withVariables(values);
        } catch (IllegalArgumentException e) {
            throw ApiException.badField("chat_template_kwargs", String.valueOf(e.getMessage()));
        }
    }

    /** Refuses by name what is not supported. */
    static void refuseOthers(RequestFields fields) {
        fields.refuseUnless("functions", "the older form of tools is not supported", List.of());
        fields.refuseUnless("function_call", "the older form of tool_choice is not supported", "none");
        fields.refuseUnless("reasoning_effort", "is not supported; some templates take it in chat_template_kwargs");
        fields.refuseUnless("verbosity", "is not supported");
        fields.refuseUnless("audio", "audio is not supported");
        fields.refuseUnless("prediction", "is not supported");
        fields.refuseUnless("web_search_options", "is not supported");
        fields.refuseUnless("moderation", "is not supported");
        fields.refuseUnless("echo", "is not supported for chats", false);
        fields.refuseUnless("add_generation_prompt", "must be true", true);
        fields.refuseUnless("continue_final_message", "is not supported", false);
        fields.refuseUnless("chat_template", "the model's own template is used");
        fields.refuseUnless("documents", "is not supported", List.of());
        Optional<JsonNode> modalities = fields.find("modalities");
        if (modalities.isPresent() && !modalities.get().toString().equals("[\"text\"]")) {
            throw ApiException.unsupported("modalities", "only [\"text\"] is supported");
        }
    }
}
