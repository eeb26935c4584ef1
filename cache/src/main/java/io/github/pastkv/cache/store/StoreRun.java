package io.github.pastkv.cache.store;

/**
 * How many leading chunks a store has, and why not more.
 *
 * @param numChunks chunks that can be got now
 * @param next what is known of the chunk after them
 */
public record StoreRun(int numChunks, Next next) {
    /** What is known of a chunk that cannot be got now. */
    public enum Next {
        /** There is none: all chunks that were asked for are there. */
        NONE_ASKED,
        /** The store does not have the block. */
        MISSING,
        /** The block is being written and will be available soon. */
        PENDING,
        /** The store cannot answer now; a later call may succeed. */
        RETRY
    }
}
