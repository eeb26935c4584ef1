package io.github.pastkv.model.generation;

import java.util.Objects;
import java.util.function.Consumer;

/** Receives tokens and text as they are generated, on the generating thread. It cannot use the generating session. */
public interface GenerationListener {
    /** A listener that does nothing. */
    GenerationListener NONE = new GenerationListener() {};

    /** A listener that passes on the text of all rows. */
    static GenerationListener ofText(Consumer<String> onText) {
        Objects.requireNonNull(onText, "onText: null");
        return new GenerationListener() {
            @Override
            public void onText(int row, String text) {
                onText.accept(text);
            }
        };
    }

    /**
     * Called before {@link #onToken} with the log-probability of the same token, where log-probabilities are requested.
     */
    default void onLogProbability(int row, TokenLogProbability logProbability) {}

    /**
     * Called for each new token of a row.
     *
     * @return whether the row should continue
     */
    default boolean onToken(int row, int tokenId) {
        return true;
    }

    /**
     * Called for new text of a row, which never ends within a character or a stop string. Not called without a
     * tokenizer.
     */
    default void onText(int row, String text) {}
}
