package io.github.pastkv.cache.store;

import java.lang.foreign.SegmentAllocator;
import java.util.List;

/**
 * Keeps chunks of blocks beneath the prefix index: in memory, on disk or elsewhere. It decides nothing about
 * correctness: the index verifies key, origin, token ids, sizes and checksums of whatever it returns, and treats
 * anything else as a miss.
 *
 * <p>Contract of every store:
 * <ul>
 * <li>{@link #get} returns a chunk as it was put, or says why it does not. A chunk whose {@link #put} has not returned
 * {@link PutResult#STORED} is never returned.
 * <li>No call blocks without a time limit, and none throws because the medium is slow, full, broken or missing; the
 * result is then {@link StoreResult.Retry} or {@link PutResult#RETRY}.
 * <li>All calls may come from any number of threads. {@link #forget} of a chunk that is not there does nothing.
 * <li>Its size stays within the limits that it was opened with.
 * </ul>
 *
 * <p>{@code BlockStoreContractTest} in the testkit tests this contract for any implementation. Who only has bytes to
 * keep under names implements {@code CacheTier} of the module {@code io.github.pastkv.store} instead.
 */
public interface BlockStore extends AutoCloseable {
    /** Tokens of a complete chunk unless said otherwise (docs/decisions/0009-chunk-size.md). */
    int DEFAULT_CHUNK_TOKENS = 64;

    /**
     * Finds how many leading chunks of a text can be got now.
     *
     * @param keys of consecutive chunks
     * @return the number of available leading blocks, and the state of the next one
     */
    StoreRun find(List<ChunkKey> keys);

    /**
     * Finds a chunk that begins like the given one: of those that share its first block, one that shares as many
     * leading blocks as any other, as far as {@linkplain ChunkKey#numSharedBlocks names tell}. It may have fewer or
     * more blocks, and other ones after those.
     *
     * @param key of the longest chunk that would be of use
     * @return {@link StoreResult.Found}, {@link StoreResult.Missing} or {@link StoreResult.Retry}
     */
    StoreResult<ChunkKey> findSharing(ChunkKey key);

    /**
     * The chunk with a key, or why there is none.
     *
     * @param tenant whose text it is for, as in {@link BlockOrigin#tenant}: a store that encrypts takes its keys
     * @param memory where the store puts what it reads, asked at most once; what it has in memory may stay there
     */
    StoreResult<StoredChunk> get(ChunkKey key, String tenant, SegmentAllocator memory);

    /**
     * Keeps a chunk; copies what it needs of it before returning. A key that is there already keeps its chunk, unless
     * the new one has more parts.
     */
    PutResult put(StoredChunk chunk);

    /**
     * Says that tokens of a chunk that {@link #get} returned have been loaded, for counters. A chunk may give fewer
     * than it has.
     */
    default void used(StoredChunk chunk, int numTokens) {}

    /** Says that a chunk which {@link #get} returned cannot be used, and why: it is removed. */
    default void refused(StoredChunk chunk, ChunkKey key, String reason) {
        forget(key);
    }

    /** Removes a chunk. */
    void forget(ChunkKey key);

    /** Says how long computing some tokens took, so that a store can tell where loading is slower. */
    default void computed(int numTokens, long nanos) {}

    /** How long to wait for a chunk of so many tokens before they are computed instead. */
    default long maxWaitNanos(int numTokens) {
        return Long.MAX_VALUE;
    }

    /**
     * What the store has of a text and has refused of it, for people: a line for each place that has something to say.
     *
     * @param keys of the chunks of the text
     * @param asks whether to look what is there now, or only to tell what was refused
     */
    default List<String> explain(List<ChunkKey> keys, boolean asks) {
        return List.of();
    }

    /** Tokens of a complete chunk that suit this store. */
    default int chunkTokens() {
        return DEFAULT_CHUNK_TOKENS;
    }

    /** When blocks are to be written to it. */
    default StoreWrites writes() {
        return StoreWrites.COMPLETE;
    }

    /** Statistics so far. */
    StoreStats stats();

    /** Closes the store and its resources; persistent blocks stay. */
    @Override
    void close();
}
