package io.github.pastkv.cache.store;

/** When blocks are written to the store beneath an index; always behind, never on the path of a token. */
public enum StoreWrites {
    /**
     * As soon as a chunk is complete, and the whole blocks that are left at the end of a text when the text is, so that
     * little is lost with the process.
     */
    COMPLETE,
    /** When a text is found for the first time, so that what is read only once costs no writing. */
    SECOND_USE,
    /** When a block is evicted, so that only what does not fit in memory costs writing. */
    EVICTION
}
