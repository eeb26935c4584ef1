package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One choice of an answer that is sent whole. */
final class AnswerChoice {
    final StringBuilder text = new StringBuilder();
    final List<TokenLogProbability> tokens = new ArrayList<>();
    @Nullable FinishReason reason;

    /** OpenAI's name of why a choice ended. */
    static String finishReason(@Nullable FinishReason reason) {
        if (reason == null) {
            throw new IllegalStateException("the choice has not ended");
        }
        return switch (reason) {
            case LENGTH, CONTEXT_FULL -> "length";
            case STOP_TOKEN, STOP_STRING -> "stop";
            case CANCELED -> throw new IllegalStateException("a canceled choice has no answer");
        };
    }

    List<Integer> tokenIds() {
        return tokens.stream().map(TokenLogProbability::tokenId).toList();
    }
}
