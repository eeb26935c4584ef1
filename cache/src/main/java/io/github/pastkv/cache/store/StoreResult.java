package io.github.pastkv.cache.store;

/**
 * What a store says when it is asked for something.
 *
 * @param <T> what it holds
 */
public sealed interface StoreResult<T> {
    /** It is there. */
    record Found<T>(T content) implements StoreResult<T> {}

    /** The store does not have the block. */
    record Missing<T>() implements StoreResult<T> {}

    /** The block is being written and will be available soon. */
    record Pending<T>() implements StoreResult<T> {}

    /** The store cannot answer now; a later call may succeed. */
    record Retry<T>(String reason) implements StoreResult<T> {}

    /** Something is there, but it did not pass verification and is discarded. */
    record Refused<T>(String reason) implements StoreResult<T> {}
}
