package io.github.pastkv.model.engine;

/** The tokens of a step whose logits are computed. */
public enum Logits {
    /** The last new token of each row that has one: prefill. */
    LAST,
    /** All new tokens. */
    ALL
}
