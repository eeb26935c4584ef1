package io.github.pastkv.cache.block;

import java.util.Arrays;

/**
 * The blocks of one row in one layer group, in the order of its tokens. Holds each of its blocks in the pool.
 *
 * <p>A windowed row has let go of blocks between its sinks and its window:
 *
 * <pre>
 * logical block   0 .. numSinkBlocks        held
 *                 .. + numReleased           let go of, must not be asked for
 *                 .. numBlocks              held
 * </pre>
 *
 * <p>A table can have several holders: the cache that appends to it, and snapshots that read its first tokens.
 * Appending never disturbs them, as they look at their own length only; whoever would take something away makes a
 * {@link #fork} first. Guarded by the pool's lock where holders are counted, by its one writer elsewhere.
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

    /** Blocks so far, those let go of included. */
    public int numBlocks() {
        return numBlocks;
    }

    /** The position from which on all tokens are held, whatever blocks say; sinks are held too. */
    public int firstHeld() {
        return firstHeld;
    }

    /** The first block from which on all are held. */
    int firstBlockInLine() {
        return numReleased == 0 ? 0 : numSinkBlocks + numReleased;
    }

    public int blockId(int logicalBlock) {
        return blockIds[place(logicalBlock)];
    }

    /** Blocks that are held. */
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

    /** Appends a block and takes over the caller's hold on it. */
    void append(int blockId) {
        int place = place(numBlocks);
        if (place == blockIds.length) {
            blockIds = Arrays.copyOf(blockIds, 2 * place);
        }
        blockIds[place] = blockId;
        numBlocks++;
    }

    /** Appends a held or cached block and holds it. */
    public void appendCached(int blockId) {
        pool.retainCached(blockId);
        append(blockId);
    }

    /**
     * Makes an empty table, or one of sinks only, begin again at a later block, as if those between had been let go of.
     */
    public void skipTo(int logicalBlock, int firstHeldPosition) {
        numReleased = logicalBlock - numBlocks;
        numBlocks = logicalBlock;
        firstHeld = firstHeldPosition;
    }

    /** Whether a block is there and has not been let go of. */
    public boolean holds(int logicalBlock) {
        return logicalBlock < numBlocks
                && (logicalBlock < numSinkBlocks || logicalBlock >= numSinkBlocks + numReleased);
    }

    /** Puts another block in a place, takes over the caller's hold on it and lets go of the old one. */
    public void replace(int logicalBlock, int blockId) {
        int place = place(logicalBlock);
        pool.release(blockIds[place]);
        blockIds[place] = blockId;
    }

    /** A table of its own over the same blocks. */
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

    /** Whether {@link #releaseBefore} would let go of a block. */
    boolean canReleaseBefore(int position, int blockSize) {
        return position / blockSize > numSinkBlocks + numReleased;
    }

    /** Marks tokens before {@code position}, but for the sinks, as not held. */
    void setFirstHeld(int position) {
        firstHeld = position;
    }

    /** Lets go of whole blocks before {@code position}, but for the sinks'; nobody else may hold this table. */
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

    /** Lets go of the blocks from {@code numKept} on; nobody else may hold this table. */
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

    /** One more holder, which reads the first {@code numBlocksRead} blocks. */
    BlockTable retain(int numBlocksRead) {
        synchronized (pool.lock()) {
            numHolders++;
            maxBlocksRead = Math.max(maxBlocksRead, numBlocksRead);
            return this;
        }
    }

    /** The appending holder leaves: blocks that no reader looks at are let go of. */
    void releaseByOwner() {
        synchronized (pool.lock()) {
            releaseFrom(maxBlocksRead);
            release();
        }
    }

    /** One holder less; the last one lets go of all blocks. */
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
                numBlocks = numSinkBlocks; // what lies between the sinks and here has been let go of before
                numReleased = 0;
            } else {
                pool.release(blockIds[place(--numBlocks)]);
            }
        }
    }
}
