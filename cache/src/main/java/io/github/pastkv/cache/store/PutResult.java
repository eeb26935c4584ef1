package io.github.pastkv.cache.store;

/** What became of a chunk that was put. */
public enum PutResult {
    /** The store has the block, now or from before. */
    STORED,
    /** The store has no room for the block, or rejects it. */
    REFUSED,
    /** The store could not accept the block now; the same put may succeed later. */
    RETRY
}
