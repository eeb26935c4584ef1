package io.github.pastkv.cache.prefix;

/**
 * Statistics of an index about the store below it; all zero without a store.
 *
 * @param numTokensLoaded tokens of loaded blocks
 * @param numBlocksRefused blocks that failed verification and were discarded
 * @param numBlocksWritten blocks that the store accepted
 * @param numBlocksDropped evicted blocks that were not written, because the queue was full or the store rejected them
 * @param loadNanos time that requests waited for loading, in which several chunks may be read at once
 */
public record StoreUse(long numTokensLoaded, long numBlocksRefused, long numBlocksWritten, long numBlocksDropped,
        long loadNanos) {}
