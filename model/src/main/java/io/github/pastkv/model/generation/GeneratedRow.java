package io.github.pastkv.model.generation;

import java.util.List;

/**
 * What one row came to.
 *
 * @param tokenIds the new tokens, without the stop token
 * @param text their text, up to a stop string; empty without a tokenizer
 * @param reason why the row stopped
 */
public record GeneratedRow(List<Integer> tokenIds, String text, FinishReason reason) {
    public GeneratedRow {
        tokenIds = List.copyOf(tokenIds);
    }
}
