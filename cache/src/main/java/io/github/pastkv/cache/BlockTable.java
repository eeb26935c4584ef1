package io.github.pastkv.cache;

import java.util.Arrays;

/**
 * The blocks of one row in one layer group, in the order of its tokens. Holds each of its blocks in the pool.
 *
 * <p>A table can have several holders: the cache that appends to it, and snapshots that read its first tokens. Appending
 * never disturbs them, as they look at their own length only; whoever would take something away makes a
 * {@link #fork} first. Guarded by the pool's lock where holders are counted, by its one writer elsewhere.
 */
final class BlockTable {
    private final BlockPool pool;
    private volatile int[] blockIds;
    private int numBlocks;
    private int numHolders = 1;
    private int maxBlocksRead;

    BlockTable(BlockPool pool) {
        this(pool, new int[4], 0);
    }

    private BlockTable(BlockPool pool, int[] blockIds, int numBlocks) {
        this.pool = pool;
        this.blockIds = blockIds;
        this.numBlocks = numBlocks;
    }

    int numBlocks() {
        return numBlocks;
    }

    int blockId(int logicalBlock) {
        return blockIds[logicalBlock];
    }

    /** Appends a block and takes over the caller's hold on it. */
    void append(int blockId) {
        if (numBlocks == blockIds.length) {
            blockIds = Arrays.copyOf(blockIds, 2 * numBlocks);
        }
        blockIds[numBlocks++] = blockId;
    }

    /** Puts another block in a place, takes over the caller's hold on it and lets go of the old one. */
    void replace(int logicalBlock, int blockId) {
        pool.release(blockIds[logicalBlock]);
        blockIds[logicalBlock] = blockId;
    }

    /** A table of its own over the same blocks. */
    BlockTable fork() {
        synchronized (pool) {
            for (int i = 0; i < numBlocks; i++) {
                pool.retain(blockIds[i]);
            }
        }
        return new BlockTable(pool, Arrays.copyOf(blockIds, Math.max(4, numBlocks)), numBlocks);
    }

    /** Lets go of the blocks from {@code numKept} on; nobody else may hold this table. */
    void truncate(int numKept) {
        synchronized (pool) {
            releaseFrom(numKept);
        }
    }

    boolean isShared() {
        synchronized (pool) {
            return numHolders > 1;
        }
    }

    /** One more holder, which reads the first {@code numBlocksRead} blocks. */
    BlockTable retain(int numBlocksRead) {
        synchronized (pool) {
            numHolders++;
            maxBlocksRead = Math.max(maxBlocksRead, numBlocksRead);
            return this;
        }
    }

    /** The appending holder leaves: blocks that no reader looks at are let go of. */
    void releaseByOwner() {
        synchronized (pool) {
            releaseFrom(maxBlocksRead);
            release();
        }
    }

    /** One holder less; the last one lets go of all blocks. */
    void release() {
        synchronized (pool) {
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
            pool.release(blockIds[--numBlocks]);
        }
    }
}
