package io.github.pastkv.model.generation;

/** Why a row stopped. */
public enum FinishReason {
    /** The limit of new tokens or the context limit was reached. */
    LENGTH,
    /** A stop token was chosen; it is not part of the result. */
    STOP_TOKEN,
    /** The text came to a stop string; it is not part of the text. */
    STOP_STRING,
    /** The listener asked for the end. */
    CANCELLED
}
