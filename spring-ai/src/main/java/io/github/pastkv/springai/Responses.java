package io.github.pastkv.springai;

import io.github.pastkv.chat.Turn;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.Generation;
import java.util.List;
import java.util.UUID;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;

/** Makes the responses of one call: the parts of a stream, and the last or only one. */
final class Responses {
    private final String modelName;
    private final String id = "chatcmpl-" + UUID.randomUUID();

    Responses(String modelName) {
        this.modelName = modelName;
    }

    /** A part of a stream. */
    ChatResponse part(String text) {
        return response(new AssistantMessage(text), ChatGenerationMetadata.NULL, metadata().build());
    }

    /** The end of a stream: no text, but calls of tools, the finish reason and the usage. */
    ChatResponse end(Turn turn) {
        return last(turn, "");
    }

    /** A whole answer. */
    ChatResponse whole(Turn turn) {
        return last(turn, turn.answer());
    }

    private ChatResponse last(Turn turn, String text) {
        Generation generation = turn.generation().orElseThrow();
        List<AssistantMessage.ToolCall> calls = turn.message().toolCalls().stream()
                .map(call -> new AssistantMessage.ToolCall(call.id(), "function", call.name(), call.arguments()))
                .toList();
        String reason = finishReason(generation.reason());
        reason = reason.equals("stop") && !calls.isEmpty() ? "tool_calls" : reason; // one that was cut is no call
        return response(AssistantMessage.builder().content(text).toolCalls(calls).build(),
                ChatGenerationMetadata.builder().finishReason(reason).build(),
                metadata().usage(usage(turn, generation)).build());
    }

    private static ChatResponse response(AssistantMessage message, ChatGenerationMetadata generation,
            ChatResponseMetadata metadata) {
        return new ChatResponse(List.of(new org.springframework.ai.chat.model.Generation(message, generation)),
                metadata);
    }

    private ChatResponseMetadata.Builder metadata() {
        return ChatResponseMetadata.builder().id(id).model(modelName);
    }

    /** The tokens of a turn; its cached ones are a part of those of the prompt. */
    private static DefaultUsage usage(Turn turn, Generation generation) {
        int numPromptTokens = numPromptTokens(turn);
        int numTokens = generation.rows().getFirst().tokenIds().size();
        return new DefaultUsage(numPromptTokens, numTokens, numPromptTokens + numTokens, null,
                (long) generation.numReusedTokens(), null);
    }

    static int numPromptTokens(Turn turn) {
        return turn.numKnownTokens() + turn.generation().orElseThrow().numPromptTokens();
    }

    private static String finishReason(FinishReason reason) {
        return switch (reason) {
            case LENGTH, CONTEXT_FULL -> "length";
            case STOP_TOKEN, STOP_STRING -> "stop";
            case CANCELED -> "canceled";
        };
    }
}
