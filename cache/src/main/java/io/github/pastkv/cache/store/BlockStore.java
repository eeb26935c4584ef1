package io.github.pastkv.cache.store;

import java.util.List;

/**
 * Keeps blocks beneath the prefix index: in memory, on disk or elsewhere. A store finds, gets, puts and forgets whole
 * blocks by their keys. It decides nothing about correctness: the index verifies key, token ids, sizes and checksum of
 * whatever it returns, and treats anything else as a miss.
 *
 * <p>What every store promises:
 * <ul>
 * <li>{@link #get} returns a block as it was put, or says why it does not. A block whose {@link #put} has not returned
 * {@link PutResult#STORED} is never returned.
 * <li>No call waits without limit, and none throws because the medium is slow, full, broken or gone: that is
 * {@link StoreResult.Retry} or {@link PutResult#RETRY}.
 * <li>All calls may come from any number of threads. {@link #forget} of a block that is not there does nothing.
 * <li>What it holds stays within the limits that it was opened with.
 * </ul>
 *
 * <p>{@code BlockStoreContractTest} in the testkit checks this for any implementation.
 */
public interface BlockStore extends AutoCloseable {
    /**
     * Finds how many leading blocks of a text can be got now.
     *
     * @param keys of consecutive blocks
     * @return how many of the first are there, and what is known of the next
     */
    StoreRun find(List<BlockKey> keys);

    /** The block with a key, or why there is none. */
    StoreResult get(BlockKey key);

    /**
     * Keeps a block; copies what it needs of it before returning. A key that is there already keeps its block, unless
     * the new one has bytes of more layer groups.
     */
    PutResult put(StoredBlock block);

    /** Removes a block. */
    void forget(BlockKey key);

    /** Counts so far. */
    StoreStats stats();

    /** Ends the store and lets go of what it holds open; what it keeps for later stays. */
    @Override
    void close();
}
