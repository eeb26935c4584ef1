package io.github.pastkv.cache.store;

import java.lang.foreign.SegmentAllocator;
import java.util.List;

/**
 * Keeps chunks of blocks beneath the prefix index: in memory, on disk or elsewhere. It decides nothing about
 * correctness: the index verifies key, origin, token ids, sizes and checksums of whatever it returns, and treats
 * anything else as a miss.
 *
 * <p>What every store promises:
 * <ul>
 * <li>{@link #get} returns a chunk as it was put, or says why it does not. A chunk whose {@link #put} has not returned
 * {@link PutResult#STORED} is never returned.
 * <li>No call waits without limit, and none throws because the medium is slow, full, broken or gone: that is
 * {@link StoreResult.Retry} or {@link PutResult#RETRY}.
 * <li>All calls may come from any number of threads. {@link #forget} of a chunk that is not there does nothing.
 * <li>What it holds stays within the limits that it was opened with.
 * </ul>
 *
 * <p>{@code BlockStoreContractTest} in the testkit checks this for any implementation. Who only has bytes to keep under
 * names implements {@code CacheTier} of the module {@code io.github.pastkv.store} instead.
 */
public interface BlockStore extends AutoCloseable {
    /**
     * Finds how many leading chunks of a text can be got now.
     *
     * @param keys of consecutive chunks
     * @return how many of the first are there, and what is known of the next
     */
    StoreRun find(List<ChunkKey> keys);

    /**
     * The chunk with a key, or why there is none.
     *
     * @param memory where the store puts what it reads, asked at most once; what it has in memory may stay there
     */
    StoreResult<StoredChunk> get(ChunkKey key, SegmentAllocator memory);

    /**
     * Keeps a chunk; copies what it needs of it before returning. A key that is there already keeps its chunk, unless
     * the new one has more parts.
     */
    PutResult put(StoredChunk chunk);

    /** Removes a chunk. */
    void forget(ChunkKey key);

    /** Counts so far. */
    StoreStats stats();

    /** Ends the store and lets go of what it holds open; what it keeps for later stays. */
    @Override
    void close();
}
