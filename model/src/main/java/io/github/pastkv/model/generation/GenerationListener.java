package io.github.pastkv.model.generation;

/** Hears of tokens and text as they are made, on the generating thread. */
public interface GenerationListener {
    /** A listener that hears nothing. */
    GenerationListener NONE = new GenerationListener() {};

    /**
     * A row has a new token.
     *
     * @return whether the row should go on
     */
    default boolean onToken(int row, int tokenId) {
        return true;
    }

    /** A row has new text: never half a character, never part of a stop string. Not called without a tokenizer. */
    default void onText(int row, String text) {}
}
