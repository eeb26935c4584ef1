package io.github.pastkv.serve.anthropic;

import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.serve.openai.AnswerChoice;
import io.github.pastkv.serve.openai.Usage;
import io.github.pastkv.serve.run.RunRequest;
import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The parts of Anthropic's message objects. */
final class MessageJson {
    private final RunRequest request;
    private final String id = "msg_" + UUID.randomUUID().toString().replace("-", "");

    MessageJson(RunRequest request) {
        this.request = request;
    }

    /** A message that has ended. */
    ObjectNode whole(AnswerChoice choice, Usage usage) {
        ObjectNode json = head();
        ArrayNode content = json.putArray("content");
        if (!choice.text().isEmpty() || choice.calls().isEmpty()) {
            content.add(text(choice.text()));
        }
        for (AnswerChoice.Call call : choice.calls()) {
            content.add(call(call.id(), call.name(), call.arguments().toString()));
        }
        putEnd(json, choice);
        json.set("usage", usage(usage.numPromptTokens(), usage.numCachedTokens(), usage.numCompletionTokens()));
        return json;
    }

    /** A message that has no content yet. */
    ObjectNode empty() {
        ObjectNode json = head();
        json.putArray("content");
        json.putNull("stop_reason").putNull("stop_sequence");
        json.set("usage", usage(request.numPromptTokens(), 0, 0));
        return json;
    }

    /** A block of text. */
    static ObjectNode text(String text) {
        return JsonMapper.shared().createObjectNode().put("type", "text").put("text", text);
    }

    /** A block that calls a tool; without input where its arguments were cut, or have not come. */
    static ObjectNode call(String id, String name, String arguments) {
        ObjectNode block =
                JsonMapper.shared().createObjectNode().put("type", "tool_use").put("id", id).put("name", name);
        try {
            block.set("input", new ToolCall(id, name, arguments).argumentsJson());
        } catch (IllegalArgumentException _) {
            block.putObject("input");
        }
        return block;
    }

    private ObjectNode head() {
        return JsonMapper.shared().createObjectNode().put("id", id).put("type", "message").put("role", "assistant")
                .put("model", request.model().name());
    }

    /** Adds why a message has ended. */
    void putEnd(ObjectNode json, AnswerChoice choice) {
        json.put("stop_reason", stopReason(choice.reason(), !choice.calls().isEmpty()));
        json.put("stop_sequence",
                choice.reason() == FinishReason.STOP_STRING ? stopSequence(choice).orElse(null) : null);
    }

    private static String stopReason(FinishReason reason, boolean callsTools) {
        return switch (reason) {
            case LENGTH -> "max_tokens";
            case CONTEXT_FULL -> "model_context_window_exceeded";
            case STOP_TOKEN -> callsTools ? "tool_use" : "end_turn";
            case STOP_STRING -> "stop_sequence";
            case CANCELED -> throw new IllegalStateException("a canceled message has no end");
        };
    }

    /** The sequence that stopped an answer: the first one in the text of all its tokens. */
    private Optional<String> stopSequence(AnswerChoice choice) {
        String all = request.model().tokenizer()
                .decode(choice.tokenIds().stream().mapToInt(Integer::intValue).toArray(), true);
        return request.options().stopStrings().stream().filter(all::contains)
                .min(Comparator.comparingInt(all::indexOf));
    }

    /** Anthropic counts cached tokens apart from other tokens of the input. */
    ObjectNode usage(int numPromptTokens, int numCachedTokens, int numCompletionTokens) {
        return JsonMapper.shared().createObjectNode().put("input_tokens", numPromptTokens - numCachedTokens)
                .put("cache_creation_input_tokens", 0).put("cache_read_input_tokens", numCachedTokens)
                .put("output_tokens", numCompletionTokens);
    }
}
