package io.github.pastkv.cache.prefix;

/**
 * Statistics of a prefix index since its creation.
 *
 * @param numLookups rows of steps that looked up a prefix
 * @param numHits number of lookups that found additional tokens
 * @param numTokensAsked tokens looked up, without the last one of each row
 * @param numTokensReused tokens found
 * @param numBlocks blocks in the index now, counted once over all layer groups
 * @param maxBlocks maximum of that number so far
 * @param numEvicted blocks evicted
 * @param cachedBytes bytes of cached blocks
 * @param bookkeepingBytes off-heap bytes of the index itself
 */
public record PrefixStats(long numLookups, long numHits, long numTokensAsked, long numTokensReused, int numBlocks,
        long maxBlocks, long numEvicted, long cachedBytes, long bookkeepingBytes) {}
