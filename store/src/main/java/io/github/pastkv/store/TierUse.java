package io.github.pastkv.store;

import io.github.pastkv.cache.store.StoreStats;

/**
 * What one tier did for this process.
 *
 * @param name of the tier
 * @param numTokensLoaded tokens whose keys and values were taken from it
 * @param numBytesLoaded bytes of the verified chunks that it gave, some of which have more tokens
 * @param loadNanos time that took, verification included
 * @param numChunksRefused chunks that did not pass verification, and were removed from it
 * @param numChunksTaken chunks that it has taken
 * @param numChunksDropped chunks that it did not take: no room, unavailable, or too much was waiting
 * @param numRetries times that it could not say
 * @param numLookupsSkipped lookups in which it was not asked, as loading from it is slower than computing
 * @param stats what it holds
 */
public record TierUse(String name, long numTokensLoaded, long numBytesLoaded, long loadNanos, long numChunksRefused,
        long numChunksTaken, long numChunksDropped, long numRetries, long numLookupsSkipped,
        StoreStats stats) {}
