package io.github.pastkv.chat;

import io.github.pastkv.model.generation.Generation;

/**
 * What was asked and what was answered.
 *
 * @param user the text that was asked
 * @param generation the answer in its only row, with its tokens, text, reason of ending and times
 * @param numKnownTokens tokens of the conversation before the answer that were in the cache already
 */
public record Turn(String user, Generation generation, int numKnownTokens) {
    /** The text of the answer. */
    public String answer() {
        return generation.rows().getFirst().text();
    }

    /** The tokens of the answer. */
    int[] answerTokenIds() {
        return generation.rows().getFirst().tokenIds().stream().mapToInt(id -> id).toArray();
    }
}
