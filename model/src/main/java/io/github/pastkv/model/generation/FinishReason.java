package io.github.pastkv.model.generation;

/** The reason why a row finished. */
public enum FinishReason {
    /** The limit of new tokens was reached. */
    LENGTH,
    /** The context of the session or the model is full. */
    CONTEXT_FULL,
    /** A stop token was chosen, or the grammar allows nothing else; it is not part of the result. */
    STOP_TOKEN,
    /** A stop string was generated; it is not part of the text. */
    STOP_STRING,
    /** The listener ended the row, the generation was canceled, or its thread was interrupted. */
    CANCELED
}
