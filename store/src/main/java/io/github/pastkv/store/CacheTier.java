package io.github.pastkv.store;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps chunks as bytes under their names: a folder, a server, a bucket. This is what a new kind of storage implements.
 * It does not look into the bytes: format, verification, encryption and the order of several tiers are those of
 * {@code TierStore}.
 *
 * <p>What every tier promises:
 * <ul>
 * <li>{@link #get} returns the content of one {@link #put}, whole, or says why it does not. A chunk whose put has not
 * returned {@link PutResult#STORED} is never returned, in no process.
 * <li>Equal names have equal content but for parts that one writer no longer had, so that any writer may win.
 * <li>No call waits beyond the tier's deadline, and none throws because the medium is slow, full, broken or gone: that
 * is {@link StoreResult.Retry} or {@link PutResult#RETRY}, and it comes back by itself.
 * <li>All calls may come from any number of threads, and from several processes on the same medium.
 * <li>What it holds stays within its limit in bytes at all times.
 * </ul>
 *
 * <p>{@code CacheTierContractTest} in the testkit checks this for any implementation; {@code FaultyCacheTier} beside it
 * fails on purpose.
 */
public interface CacheTier extends AutoCloseable {
    /** Name for people and counters, such as its URI without user and password. */
    String name();

    /**
     * Finds how many leading chunks of a text can be got now.
     *
     * @param keys of consecutive chunks
     * @return how many of the first are there, and what is known of the next
     */
    StoreRun find(List<ChunkKey> keys);

    /**
     * Finds a chunk that begins like the given one: of those that share its first block, one that shares as many
     * leading blocks as any other, as far as names tell. It may have fewer or more blocks. A medium that lists names in
     * order looks for {@link ChunkKey#sharedPrefixes}; {@code ChunkNames} keeps names in memory.
     *
     * @param key of the longest chunk that would be of use
     * @return {@link StoreResult.Found}, {@link StoreResult.Missing} or {@link StoreResult.Retry}
     */
    StoreResult<ChunkKey> findSharing(ChunkKey key);

    /**
     * The content of a chunk, or why there is none.
     *
     * @param memory where the tier puts what it reads, asked at most once
     */
    StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory);

    /**
     * The content of a chunk for people and maintenance: does not count as use. A tier that can read a part only may
     * return the first {@code maxBytes} bytes; others return all.
     *
     * @param maxBytes how many bytes are of interest
     */
    default StoreResult<MemorySegment> peek(ChunkKey key, long maxBytes, SegmentAllocator memory) {
        return get(key, memory);
    }

    /**
     * Keeps a chunk. A name that is there already keeps its content, unless the new one is longer. The segments are the
     * caller's again when the call returns.
     *
     * @param content segments whose bytes follow each other
     */
    PutResult put(ChunkKey key, List<MemorySegment> content);

    /** Removes a chunk; does nothing where it is not there or cannot be removed now. */
    void forget(ChunkKey key);

    /**
     * Lists all chunks that are there, in any order, for people and maintenance.
     *
     * @throws IOException when the medium cannot be listed
     */
    void list(Consumer<TierEntry> each) throws IOException;

    /** Whether the times of {@link #list} are those of the last use, and not those of writing. */
    default boolean knowsLastUse() {
        return true;
    }

    /** Counts so far. Bytes are those that the content takes. */
    StoreStats stats();

    /** Lets go of files, connections and threads; what is kept stays. Closing again does nothing. */
    @Override
    void close();
}
