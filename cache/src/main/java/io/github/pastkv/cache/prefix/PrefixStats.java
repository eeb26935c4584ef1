package io.github.pastkv.cache.prefix;

/**
 * What a prefix index did since it was made.
 *
 * @param numLookups rows of steps that asked for a prefix
 * @param numHits how many of them found more than they held
 * @param numTokensAsked tokens that they asked for, the last of each row left out
 * @param numTokensReused tokens that they found
 * @param numBlocks blocks in the index now, each counted once over all layer groups
 * @param maxBlocks most of them at once
 * @param numEvicted how many were evicted
 * @param cachedBytes bytes of blocks that nobody holds
 * @param bookkeepingBytes bytes of the index itself, outside the heap
 */
public record PrefixStats(long numLookups, long numHits, long numTokensAsked, long numTokensReused, int numBlocks,
        long maxBlocks, long numEvicted, long cachedBytes, long bookkeepingBytes) {}
