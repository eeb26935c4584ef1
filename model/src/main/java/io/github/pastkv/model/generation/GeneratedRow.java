package io.github.pastkv.model.generation;

import java.util.List;

/**
 * What one row came to.
 *
 * @param tokenIds the new tokens, without the stop token
 * @param text their text, up to a stop string; empty without a tokenizer
 * @param reason why the row stopped
 * @param logProbabilities of each new token, where they were asked for; else empty
 */
public record GeneratedRow(List<Integer> tokenIds, String text, FinishReason reason,
        List<TokenLogProbability> logProbabilities) {
    public GeneratedRow {
        tokenIds = List.copyOf(tokenIds);
        logProbabilities = List.copyOf(logProbabilities);
    }

    /** Without log-probabilities. */
    public GeneratedRow(List<Integer> tokenIds, String text, FinishReason reason) {
        this(tokenIds, text, reason, List.of());
    }
}
