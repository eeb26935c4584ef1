package io.github.pastkv.model.generation;

import java.util.Objects;
import java.util.function.Consumer;

/** Is told of tokens and text as they are generated, on the generating thread; it cannot use the generating session. */
public interface GenerationListener {
    /** A listener that does nothing. */
    GenerationListener NONE = new GenerationListener() {};

    /** A listener that passes on the text of all rows. */
    static GenerationListener ofText(Consumer<String> onText) {
        Objects.requireNonNull(onText, "onText");
        return new GenerationListener() {
            @Override
            public void onText(int row, String text) {
                onText.accept(text);
            }
        };
    }

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
