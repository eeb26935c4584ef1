package io.github.pastkv.model.generation;

/** Why a row stopped. */
public enum FinishReason {
    /** The limit of new tokens was reached. */
    LENGTH,
    /** The row holds as many tokens as the session or the model has room for. */
    CONTEXT_FULL,
    /** A stop token was chosen; it is not part of the result. */
    STOP_TOKEN,
    /** The text came to a stop string; it is not part of the text. */
    STOP_STRING,
    /** The listener asked for the end, the generation was cancelled, or its thread interrupted. */
    CANCELLED
}
