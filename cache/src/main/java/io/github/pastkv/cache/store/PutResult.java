package io.github.pastkv.cache.store;

/** What became of a chunk that was put. */
public enum PutResult {
    /** The store has it now, or had it before. */
    STORED,
    /** The store has no room for it, or does not take it. */
    REFUSED,
    /** The store could not take it now; the same put may succeed later. */
    RETRY
}
