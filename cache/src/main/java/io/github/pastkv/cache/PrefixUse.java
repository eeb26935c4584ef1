package io.github.pastkv.cache;

/** How a step with known token ids uses the pool's prefix index. */
public enum PrefixUse {
    /** Reuses the leading tokens found in the index; the commit publishes the others. */
    REUSE,
    /** Computes all tokens, as the output of each is needed; the commit publishes them. */
    STORE,
    /** Computes all tokens; the next step publishes them unless they have been rolled back by then. */
    STORE_LATER
}
