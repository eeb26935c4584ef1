package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.PrefixStats;

/** Counts what an index did. Under the index's lock. */
final class PrefixCounters {
    private long numLookups;
    private long numHits;
    private long numTokensAsked;
    private long numTokensReused;
    private long maxEntries;

    void lookUp(int numAsked, int numReused) {
        numLookups++;
        numHits += numReused > 0 ? 1 : 0;
        numTokensAsked += numAsked;
        numTokensReused += numReused;
    }

    void entries(int numEntries) {
        maxEntries = Math.max(maxEntries, numEntries);
    }

    PrefixStats toStats(int numEntries, long numEvicted, long cachedBytes, long bookkeepingBytes) {
        return new PrefixStats(numLookups, numHits, numTokensAsked, numTokensReused, numEntries, maxEntries, numEvicted,
                cachedBytes, bookkeepingBytes);
    }
}
