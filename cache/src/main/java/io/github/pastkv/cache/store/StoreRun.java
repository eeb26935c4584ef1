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
        /** The store does not have it. */
        MISSING,
        /** It is being written, and will be there soon. */
        PENDING,
        /** The store cannot say now; asking again later may help. */
        RETRY
    }
}
