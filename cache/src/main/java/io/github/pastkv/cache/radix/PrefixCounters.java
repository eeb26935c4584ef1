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

    void nodes(int numNodes) {
        maxEntries = Math.max(maxEntries, numNodes);
    }

    PrefixStats toStats(int numNodes, long numEvicted, long cachedBytes, long bookkeepingBytes) {
        return new PrefixStats(numLookups, numHits, numTokensAsked, numTokensReused, numNodes, maxEntries, numEvicted,
                cachedBytes, bookkeepingBytes);
    }
}
