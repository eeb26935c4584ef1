package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.serve.run.RunEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One choice of an answer, while its text comes. */
public final class AnswerChoice {
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogProbability> tokens = new ArrayList<>();
    private @Nullable FinishReason reason;

    /** Adds text that has come. */
    public void add(RunEvent.Text more) {
        text.append(more.text());
        tokens.addAll(more.tokens());
    }

    /** It has ended. */
    public void end(FinishReason why) {
        reason = why;
    }

    /** Its text so far. */
    public String text() {
        return text.toString();
    }

    List<TokenLogProbability> tokens() {
        return tokens;
    }

    /** Ids of its tokens so far. */
    public List<Integer> tokenIds() {
        return tokens.stream().map(TokenLogProbability::tokenId).toList();
    }

    /** Why it has ended. */
    public FinishReason reason() {
        if (reason == null) {
            throw new IllegalStateException("the choice has not ended");
        }
        return reason;
    }

    /** OpenAI's name of why a choice ended. */
    static String finishReason(FinishReason reason) {
        return switch (reason) {
            case LENGTH, CONTEXT_FULL -> "length";
            case STOP_TOKEN, STOP_STRING -> "stop";
            case CANCELED -> throw new IllegalStateException("a canceled choice has no answer");
        };
    }
}
