package io.github.pastkv.cache.store;

/**
 * Statistics of a store since it was opened.
 *
 * @param numChunks chunks held
 * @param bytes bytes that they take
 * @param maxBytes limit in bytes
 * @param numGets chunks that were asked for
 * @param numFound requested blocks that were found
 * @param numPuts chunks that were put
 * @param numEvicted chunks that it removed to keep its limit
 */
public record StoreStats(long numChunks, long bytes, long maxBytes, long numGets, long numFound, long numPuts,
        long numEvicted) {}
