package io.github.pastkv.cache.store;

/** What a store says when it is asked for a block. */
public sealed interface StoreResult {
    /** The block. */
    record Found(StoredBlock block) implements StoreResult {}

    /** The store does not have it. */
    record Missing() implements StoreResult {}

    /** It is being written, and will be there soon. */
    record Pending() implements StoreResult {}

    /** The store cannot say now; asking again later may help. */
    record Retry(String reason) implements StoreResult {}
}
