package io.github.pastkv.model.generation;

import java.util.List;

/**
 * The result of one row.
 *
 * @param tokenIds the new tokens, without the stop token
 * @param text their text, up to a stop string; empty without a tokenizer
 * @param reason why the row stopped
 * @param logProbabilities of each new token, if requested; otherwise empty
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
