package io.github.pastkv.cache.store;

/**
 * What a store holds, and what it did since it was opened.
 *
 * @param numChunks chunks held
 * @param bytes bytes that they take
 * @param maxBytes most bytes it may hold
 * @param numGets chunks that were asked for
 * @param numFound how many of them were there
 * @param numPuts chunks that were put
 * @param numEvicted chunks that it removed to keep its limit
 */
public record StoreStats(long numChunks, long bytes, long maxBytes, long numGets, long numFound, long numPuts,
        long numEvicted) {}
