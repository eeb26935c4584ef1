package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.PrefixStats;

/** Counts the lookups of a prefix index; guarded by the index's lock. */
final class LookupCounts {
    private long numLookups;
    private long numHits;
    private long numTokensAsked;
    private long numTokensReused;

    void add(int numAsked, int numReused) {
        numLookups++;
        numHits += numReused > 0 ? 1 : 0;
        numTokensAsked += numAsked;
        numTokensReused += numReused;
    }

    /** These counts with those of the tree. */
    PrefixStats stats(int numBlocks, long maxBlocks, long numEvicted, long cachedBytes, long bookkeepingBytes) {
        return new PrefixStats(numLookups, numHits, numTokensAsked, numTokensReused, numBlocks, maxBlocks, numEvicted,
                cachedBytes, bookkeepingBytes);
    }
}
