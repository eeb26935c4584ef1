package io.github.pastkv.cache.block;

import java.util.Arrays;

/**
 * The block table of one row in one layer group (PagedAttention, Kwon et al., SOSP 2023): its blocks in token order,
 * each of them held in the pool.
 *
 * <p>A windowed row has released the blocks between its sinks and its window:
 *
 * <pre>
 * logical block 0 .. numSinkBlocks held .. + numReleased released, must not be read .. numBlocks held
 * </pre>
 *
 * <p>A table can have several holders: the cache that appends to it, and snapshots that read its first tokens.
 * Appending does not affect them, as they read their own length only; an operation that removes blocks first makes a
 * {@link #fork}. Holder counts are guarded by the pool's lock, everything else by the single writer.
 */
public final class BlockTable {
    private final BlockPool pool;
    private final int numSinkBlocks;
    private volatile int[] blockIds; // of the held blocks
    private int numReleased;
    private int numBlocks;
    private int firstHeld;
    private int numHolders = 1;
    private int maxBlocksRead;

    /** An empty table of blocks of {@code storage}. */
    public BlockTable(LayerGroup storage) {
        this(storage.blocks(), storage.numSinkBlocks(), new int[4]);
    }

    private BlockTable(BlockPool pool, int numSinkBlocks, int[] blockIds) {
        this.pool = pool;
        this.numSinkBlocks = numSinkBlocks;
        this.blockIds = blockIds;
    }

    /** Number of blocks so far, including released ones. */
    public int numBlocks() {
        return numBlocks;
    }

    /** The first position from which on all tokens are held; sinks are held too. */
    public int firstHeld() {
        return firstHeld;
    }

    /** The first block from which on all blocks are held. */
    int firstBlockInLine() {
        return numReleased == 0 ? 0 : numSinkBlocks + numReleased;
    }

    public int blockId(int logicalBlock) {
        return blockIds[place(logicalBlock)];
    }

    /** End of the run of equal blocks from {@code fromBlock} on; both tables hold all up to {@code toBlock}. */
    int sharedTo(BlockTable other, int fromBlock, int toBlock) {
        if (other == this || fromBlock == toBlock) {
            return toBlock;
        }
        int mine = place(fromBlock);
        int others = other.place(fromBlock);
        int length = toBlock - fromBlock;
        int mismatch = Arrays.mismatch(blockIds, mine, mine + length, other.blockIds, others, others + length);
        return mismatch < 0 ? toBlock : fromBlock + mismatch;
    }

    /** Number of held blocks. */
    int numHeldBlocks() {
        return numBlocks - numReleased;
    }

    /** One of the held blocks, in order. */
    int heldBlockId(int number) {
        return blockIds[number];
    }

    private int place(int logicalBlock) {
        if (logicalBlock < numSinkBlocks) {
            return logicalBlock;
        }
        assert logicalBlock >= numSinkBlocks + numReleased : logicalBlock;
        return logicalBlock - numReleased;
    }

    /** Appends a block and takes over the caller's reference to it. */
    void append(int blockId) {
        int place = place(numBlocks);
        if (place == blockIds.length) {
            blockIds = Arrays.copyOf(blockIds, 2 * place);
        }
        blockIds[place] = blockId;
        numBlocks++;
    }

    /** Appends a held or cached block and adds a reference to it. */
    public void appendCached(int blockId) {
        pool.retainCached(blockId);
        append(blockId);
    }

    /**
     * Lets an empty table, or one with sinks only, continue at a later block, as if those between had been released.
     */
    public void skipTo(int logicalBlock, int firstHeldPosition) {
        numReleased = logicalBlock - numBlocks;
        numBlocks = logicalBlock;
        firstHeld = firstHeldPosition;
    }

    /** Whether a block exists and has not been released. */
    public boolean holds(int logicalBlock) {
        return logicalBlock < numBlocks
                && (logicalBlock < numSinkBlocks || logicalBlock >= numSinkBlocks + numReleased);
    }

    /** Replaces a block: takes over the caller's reference to the new one and releases the old one. */
    public void replace(int logicalBlock, int blockId) {
        int place = place(logicalBlock);
        pool.release(blockIds[place]);
        blockIds[place] = blockId;
    }

    /** A separate table over the same blocks. */
    BlockTable fork() {
        int numHeld = numHeldBlocks();
        synchronized (pool.lock()) {
            for (int i = 0; i < numHeld; i++) {
                pool.retain(blockIds[i]);
            }
        }
        BlockTable fork = new BlockTable(pool, numSinkBlocks, Arrays.copyOf(blockIds, Math.max(4, numHeld)));
        fork.numBlocks = numBlocks;
        fork.numReleased = numReleased;
        fork.firstHeld = firstHeld;
        return fork;
    }

    /** Whether {@link #releaseBefore} would release a block. */
    boolean canReleaseBefore(int position, int blockSize) {
        return position / blockSize > numSinkBlocks + numReleased;
    }

    /** Marks tokens before {@code position}, except the sinks, as not held. */
    void setFirstHeld(int position) {
        firstHeld = position;
    }

    /**
     * Releases whole blocks before {@code position}, except those of the sinks; the table must have no other holder.
     */
    void releaseBefore(int position, int blockSize) {
        int numHeld = numHeldBlocks();
        int count = position / blockSize - numSinkBlocks - numReleased;
        synchronized (pool.lock()) {
            for (int i = numSinkBlocks; i < numSinkBlocks + count; i++) {
                pool.release(blockIds[i]);
            }
        }
        int from = numSinkBlocks + count;
        System.arraycopy(blockIds, from, blockIds, numSinkBlocks, numHeld - from);
        numReleased += count;
    }

    /** Releases the blocks from {@code numKept} on; the table must have no other holder. */
    void truncate(int numKept) {
        synchronized (pool.lock()) {
            releaseFrom(numKept);
        }
    }

    public boolean isShared() {
        synchronized (pool.lock()) {
            return numHolders > 1;
        }
    }

    /** Adds a holder that reads the first {@code numBlocksRead} blocks. */
    BlockTable retain(int numBlocksRead) {
        synchronized (pool.lock()) {
            numHolders++;
            maxBlocksRead = Math.max(maxBlocksRead, numBlocksRead);
            return this;
        }
    }

    /** Removes the appending holder: blocks that no reader uses are released. */
    void releaseByOwner() {
        synchronized (pool.lock()) {
            releaseFrom(maxBlocksRead);
            release();
        }
    }

    /** Removes a holder; with the last one all blocks are released. */
    void release() {
        synchronized (pool.lock()) {
            numHolders--;
            if (numHolders == 1) {
                maxBlocksRead = 0;
            }
            if (numHolders == 0) {
                releaseFrom(0);
            }
        }
    }

    private void releaseFrom(int firstBlock) {
        while (numBlocks > firstBlock) {
            if (numReleased > 0 && numBlocks == numSinkBlocks + numReleased) {
                numBlocks = numSinkBlocks; // blocks between the sinks and here have been released before
                numReleased = 0;
            } else {
                pool.release(blockIds[place(--numBlocks)]);
            }
        }
    }
}
