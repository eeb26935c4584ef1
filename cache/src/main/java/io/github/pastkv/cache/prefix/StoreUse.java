package io.github.pastkv.cache.prefix;

/**
 * What an index did with the store beneath it; all zero without one.
 *
 * @param numTokensLoaded tokens of blocks that were loaded
 * @param numBlocksRefused blocks that did not pass verification, and were discarded
 * @param numBlocksWritten blocks that the store has taken
 * @param numBlocksDropped evicted blocks that were not written: the queue was full, or the store did not take them
 */
public record StoreUse(long numTokensLoaded, long numBlocksRefused, long numBlocksWritten, long numBlocksDropped) {}
