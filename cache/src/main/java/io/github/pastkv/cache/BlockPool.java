package io.github.pastkv.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * All storage of one layer group: blocks of equal size in segments outside the heap, counted by their holders. The pool
 * grows a segment at a time up to a limit in bytes and never moves a block; the limit reserves nothing.
 *
 * <p>A block that nobody holds goes to the end of the free list and is handed out again from its front. After
 * {@link #close} nothing can be allocated; the memory goes when the last holder lets go of its block.
 *
 * <p>Safe for any number of threads.
 */
public final class BlockPool implements AutoCloseable {
    private static final long SEGMENT_BYTES = 256 * 1024;
    private static final long ALIGNMENT = 64;
    /** Bookkeeping of one block, outside the heap: its count, then the next block of the free list. */
    private static final long META_BYTES = 2 * Integer.BYTES;
    private static final int NONE = -1;

    private final long blockBytes;
    private final PoolBudget budget;
    private final int maxBlocks;
    private final int segmentShift;
    private final Arena arena = Arena.ofShared();
    private volatile MemorySegment[] segments = new MemorySegment[0];
    private final List<MemorySegment> metas = new ArrayList<>();

    private int numBlocks;
    private int numHeld;
    private int firstFree = NONE;
    private int lastFree = NONE;
    private boolean closed;

    /**
     * An empty pool.
     *
     * @param blockBytes bytes of one block
     * @param limitBytes most bytes of blocks at any time; at least one block
     */
    public BlockPool(long blockBytes, long limitBytes) {
        this(blockBytes, new PoolBudget(limitBytes));
    }

    /** An empty pool that shares a limit of held bytes with others. */
    BlockPool(long blockBytes, PoolBudget budget) {
        KvShape.requirePositive("blockBytes", blockBytes);
        long limitBytes = budget.limitBytes();
        if (limitBytes < blockBytes) {
            throw new IllegalArgumentException(
                    "limitBytes: " + limitBytes + ", must hold at least one block of " + blockBytes + " bytes");
        }
        this.blockBytes = blockBytes;
        this.budget = budget;
        this.maxBlocks = (int) Math.min(limitBytes / blockBytes, Integer.MAX_VALUE >> 1);
        long perSegment = Math.min(Math.max(SEGMENT_BYTES / blockBytes, 1), maxBlocks);
        this.segmentShift = 63 - Long.numberOfLeadingZeros(perSegment);
    }

    public long blockBytes() {
        return blockBytes;
    }

    /** Most bytes of held blocks, those of other pools that share the limit included. */
    public long limitBytes() {
        return budget.limitBytes();
    }

    /** Bytes of all segments taken from the system so far. */
    public long poolBytes() {
        long bytes = 0;
        for (MemorySegment segment : segments) {
            bytes += segment.byteSize();
        }
        return bytes;
    }

    /** Blocks that somebody holds. */
    public synchronized int numHeld() {
        return numHeld;
    }

    /** Blocks that could be allocated now, growth up to the limit included. */
    public synchronized int numFree() {
        return (int) Math.min(maxBlocks - numHeld, budget.leftBytes() / blockBytes);
    }

    /**
     * Allocates {@code count} blocks, each with a count of one, into {@code blockIds[from...]}; or none, and returns false,
     * when the limit does not leave as many.
     */
    public synchronized boolean tryAllocate(int count, int[] blockIds, int from) {
        requireOpen();
        if (count > maxBlocks - numHeld || !budget.tryTake(count * blockBytes)) {
            return false;
        }
        while (numBlocks - numHeld < count) {
            addSegment();
        }
        for (int i = from; i < from + count; i++) {
            blockIds[i] = takeFirstFree();
        }
        return true;
    }

    private void addSegment() {
        int perSegment = Math.min(1 << segmentShift, maxBlocks - numBlocks);
        MemorySegment[] grown = java.util.Arrays.copyOf(segments, segments.length + 1);
        grown[segments.length] = arena.allocate(blockBytes * perSegment, ALIGNMENT);
        metas.add(arena.allocate(META_BYTES * perSegment, Integer.BYTES));
        segments = grown;
        for (int i = 0; i < perSegment; i++) {
            addFree(numBlocks++);
        }
    }

    private int takeFirstFree() {
        int blockId = firstFree;
        firstFree = meta(blockId, 1);
        if (firstFree == NONE) {
            lastFree = NONE;
        }
        setMeta(blockId, 0, 1);
        numHeld++;
        return blockId;
    }

    private void addFree(int blockId) {
        setMeta(blockId, 1, NONE);
        if (lastFree == NONE) {
            firstFree = blockId;
        } else {
            setMeta(lastFree, 1, blockId);
        }
        lastFree = blockId;
    }

    /** One more holder of a held block. */
    public synchronized void retain(int blockId) {
        setMeta(blockId, 0, requireHeld(blockId) + 1);
    }

    /** One holder less; with the last one the block is free. */
    public synchronized void release(int blockId) {
        int refCount = requireHeld(blockId) - 1;
        setMeta(blockId, 0, refCount);
        if (refCount == 0) {
            addFree(blockId);
            numHeld--;
            budget.giveBack(blockBytes);
            closeArenaIfUnused();
        }
    }

    /** Holders of a block; 0 when it is free. */
    public synchronized int refCount(int blockId) {
        return meta(blockId, 0);
    }

    /** The memory that holds a block. */
    public MemorySegment segment(int blockId) {
        return segments[blockId >> segmentShift];
    }

    /** First byte of a block in its {@link #segment}. */
    public long byteOffset(int blockId) {
        return (blockId & ((1 << segmentShift) - 1)) * blockBytes;
    }

    /** Copies the content of one block to another. */
    public void copy(int fromBlockId, int toBlockId) {
        MemorySegment.copy(segment(fromBlockId), byteOffset(fromBlockId), segment(toBlockId), byteOffset(toBlockId),
                blockBytes);
    }

    /**
     * Checks that every block is either held or once in the free list, and that the counts agree; an
     * {@link IllegalStateException} names what is wrong.
     */
    public synchronized void checkIntegrity() {
        if (closed && numHeld == 0) {
            return;
        }
        int numCounted = 0;
        for (int blockId = 0; blockId < numBlocks; blockId++) {
            numCounted += refCount(blockId) > 0 ? 1 : 0;
        }
        requireState(numCounted == numHeld, numCounted + " blocks have holders, " + numHeld + " are counted as held");
        int numFreeListed = 0;
        for (int blockId = firstFree; blockId != NONE; blockId = meta(blockId, 1)) {
            requireState(meta(blockId, 0) == 0,
                    "block " + blockId + " is free but has " + meta(blockId, 0) + " holders");
            requireState(++numFreeListed <= numBlocks, "the free list runs in a circle");
        }
        requireState(numFreeListed + numHeld == numBlocks,
                numFreeListed + " free + " + numHeld + " held blocks, " + numBlocks + " in all");
    }

    /** Ends allocation; the memory goes with the last held block. Closing again does nothing. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            closeArenaIfUnused();
        }
    }

    private void closeArenaIfUnused() {
        if (closed && numHeld == 0) {
            arena.close();
        }
    }

    private int requireHeld(int blockId) {
        int refCount = meta(blockId, 0);
        requireState(refCount > 0, "block " + blockId + " is not held");
        return refCount;
    }

    private void requireOpen() {
        requireState(!closed, "the pool is closed");
    }

    private static void requireState(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    private int meta(int blockId, int field) {
        return metas.get(blockId >> segmentShift).get(ValueLayout.JAVA_INT, metaByteOffset(blockId, field));
    }

    private void setMeta(int blockId, int field, int value) {
        metas.get(blockId >> segmentShift).set(ValueLayout.JAVA_INT, metaByteOffset(blockId, field), value);
    }

    private long metaByteOffset(int blockId, int field) {
        return (blockId & ((1 << segmentShift) - 1)) * META_BYTES + (long) field * Integer.BYTES;
    }
}
