package io.github.pastkv.cache.store;

/**
 * What a store holds, and what it did since it was opened.
 *
 * @param numBlocks blocks held
 * @param bytes bytes of their keys and values
 * @param maxBytes most bytes it may hold
 * @param numGets blocks that were asked for
 * @param numFound how many of them were there
 * @param numPuts blocks that were put
 * @param numEvicted blocks that it removed to keep its limit
 */
public record StoreStats(long numBlocks, long bytes, long maxBytes, long numGets, long numFound, long numPuts,
        long numEvicted) {}
