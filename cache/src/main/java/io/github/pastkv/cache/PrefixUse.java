package io.github.pastkv.cache;

/** What a step of known tokens has to do with the pool's prefix index. */
public enum PrefixUse {
    /** Leading tokens that the index has are not computed again; at commit the others enter it. */
    REUSE,
    /** All tokens are computed, as something is wanted of each; at commit they enter the index. */
    STORE,
    /** All tokens are computed; they enter the index with the next step, if they have not been taken back by then. */
    STORE_LATER
}
