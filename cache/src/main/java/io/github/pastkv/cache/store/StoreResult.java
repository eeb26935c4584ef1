package io.github.pastkv.cache.store;

/**
 * What a store says when it is asked for something.
 *
 * @param <T> what it holds
 */
public sealed interface StoreResult<T> {
    /** It is there. */
    record Found<T>(T content) implements StoreResult<T> {}

    /** The store does not have it. */
    record Missing<T>() implements StoreResult<T> {}

    /** It is being written, and will be there soon. */
    record Pending<T>() implements StoreResult<T> {}

    /** The store cannot say now; asking again later may help. */
    record Retry<T>(String reason) implements StoreResult<T> {}

    /** Something is there, but it did not pass verification and is discarded. */
    record Refused<T>(String reason) implements StoreResult<T> {}
}
