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
 * <p>A block is in one of three states: <em>held</em> by somebody; <em>cached</em>, which means that nobody holds it but an
 * index may find it again; or <em>free</em>. A free block goes to the end of the free list and is handed out again from its
 * front. When no free block is left within the limit, the index gives up cached ones, the least useful first. After
 * {@link #close} nothing can be allocated; the memory goes when the last holder lets go of its block.
 *
 * <p>Safe for any number of threads; pools that share a limit share a lock.
 */
public final class BlockPool implements AutoCloseable {
    private static final long SEGMENT_BYTES = 256 * 1024;
    private static final long ALIGNMENT = 64;
    private static final int NONE = -1;
    /** All bits set: not a number in every type of float. */
    private static final byte POISON = (byte) 0xFF;

    // Bookkeeping of one block, outside the heap, in ints.
    private static final int REF_COUNT = 0;
    private static final int NEXT_FREE = 1;
    private static final int ENTRY = 2; // of the index, or NONE
    private static final int NUM_SEALED = 3; // slots that the index promises
    private static final int PREVIOUS_LOOSE = 4; // NOT_LOOSE if not in the list of loose blocks
    private static final int NEXT_LOOSE = 5;
    private static final long META_BYTES = 6 * Integer.BYTES;
    private static final int NOT_LOOSE = -2;

    private final long blockBytes;
    private final PoolBudget budget;
    private final int maxBlocks;
    private final int segmentShift;
    private final Arena arena = Arena.ofShared();
    private volatile MemorySegment[] segments = new MemorySegment[0];
    private final List<MemorySegment> metas = new ArrayList<>();

    private int numBlocks;
    private int numHeld;
    private int numCached;
    private boolean poisonsFreed;
    private int firstFree = NONE;
    private int lastFree = NONE;
    private int firstLoose = NONE;
    private int lastLoose = NONE;
    private int numLoose;
    private boolean closed;

    /**
     * An empty pool.
     *
     * @param blockBytes bytes of one block
     * @param limitBytes most bytes of blocks at any time; at least one block
     */
    public BlockPool(long blockBytes, long limitBytes) {
        this(blockBytes, new PoolBudget(limitBytes, limitBytes));
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

    /** Bytes of bookkeeping taken from the system so far, outside the heap. */
    public long bookkeepingBytes() {
        synchronized (budget) {
            return metas.stream().mapToLong(MemorySegment::byteSize).sum();
        }
    }

    /** Whether blocks are filled with NaN when they become free, so that a stray read is seen. */
    public void setPoisonsFreed(boolean newPoisonsFreed) {
        synchronized (budget) {
            poisonsFreed = newPoisonsFreed;
        }
    }

    /** The lock of this pool and those that share its limit. */
    Object lock() {
        return budget;
    }

    PoolBudget budget() {
        return budget;
    }

    /** Blocks that somebody holds. */
    public int numHeld() {
        synchronized (budget) {
            return numHeld;
        }
    }

    /** Blocks that nobody holds and that the index may find again. */
    public int numCached() {
        synchronized (budget) {
            return numCached;
        }
    }

    /** Blocks that could be allocated now without giving up cached ones, growth up to the limit included. */
    public int numFree() {
        synchronized (budget) {
            return (int) Math.min(maxBlocks - numHeld - numCached, budget.leftBytes() / blockBytes);
        }
    }

    /** Allocates {@code count} blocks, each with a count of one, into {@code blockIds[from...]}; or none. */
    public Allocation tryAllocate(int count, int[] blockIds, int from) {
        synchronized (budget) {
            requireOpen();
            if (!budget.tryTake(count * blockBytes)) {
                return new Allocation.Exhausted(count, numFree(),
                        (int) (budget.evictor().evictableBytes() / blockBytes), budget.limitBytes());
            }
            try {
                while (numBlocks - numHeld - numCached < count) {
                    addSegment();
                }
            } catch (OutOfMemoryError e) {
                budget.giveBack(count * blockBytes);
                throw e;
            }
            for (int i = from; i < from + count; i++) {
                blockIds[i] = takeFirstFree();
            }
            return Allocation.Granted.INSTANCE;
        }
    }

    private void addSegment() {
        int perSegment = Math.min(1 << segmentShift, maxBlocks - numBlocks);
        MemorySegment[] grown = java.util.Arrays.copyOf(segments, segments.length + 1);
        grown[segments.length] = arena.allocate(blockBytes * perSegment, ALIGNMENT);
        metas.add(arena.allocate(META_BYTES * perSegment, Integer.BYTES));
        segments = grown;
        for (int i = 0; i < perSegment; i++) {
            setMeta(numBlocks, ENTRY, NONE);
            setMeta(numBlocks, PREVIOUS_LOOSE, NOT_LOOSE);
            addFree(numBlocks++);
        }
    }

    private int takeFirstFree() {
        int blockId = firstFree;
        firstFree = meta(blockId, NEXT_FREE);
        if (firstFree == NONE) {
            lastFree = NONE;
        }
        setMeta(blockId, REF_COUNT, 1);
        numHeld++;
        return blockId;
    }

    private void addFree(int blockId) {
        if (poisonsFreed) {
            segment(blockId).asSlice(byteOffset(blockId), blockBytes).fill(POISON);
        }
        setMeta(blockId, NEXT_FREE, NONE);
        if (lastFree == NONE) {
            firstFree = blockId;
        } else {
            setMeta(lastFree, NEXT_FREE, blockId);
        }
        lastFree = blockId;
    }

    /** One more holder of a held block. */
    public void retain(int blockId) {
        synchronized (budget) {
            setMeta(blockId, REF_COUNT, requireHeld(blockId) + 1);
        }
    }

    /** One more holder of a held or cached block. */
    void retainCached(int blockId) {
        int refCount = meta(blockId, REF_COUNT);
        int entry = meta(blockId, ENTRY);
        requireState(refCount > 0 || entry != NONE, "block " + blockId + " is neither held nor cached");
        setMeta(blockId, REF_COUNT, refCount + 1);
        if (refCount == 0) {
            numHeld++;
            numCached--;
            budget.removeIdle(blockBytes);
            tighten(blockId);
            budget.evictor().held(entry);
        }
    }

    /** One holder less; with the last one the block is cached or free. */
    public void release(int blockId) {
        synchronized (budget) {
            int refCount = requireHeld(blockId) - 1;
            setMeta(blockId, REF_COUNT, refCount);
            if (refCount > 0) {
                return;
            }
            numHeld--;
            int entry = meta(blockId, ENTRY);
            if (entry == NONE) {
                setFree(blockId);
            } else {
                numCached++;
                budget.evictor().unheld(this, blockId, entry);
                budget.addIdle(blockBytes);
            }
        }
    }

    private void setFree(int blockId) {
        addFree(blockId);
        budget.giveBack(blockBytes);
        closeArenaIfUnused();
    }

    /** Makes a held or cached block one that the index may find: its first slots must not be written any more. */
    boolean attach(int blockId, int entry, int numSealed) {
        boolean held = meta(blockId, REF_COUNT) > 0;
        requireState(held || meta(blockId, ENTRY) == entry, "block " + blockId + " is free");
        setMeta(blockId, ENTRY, entry);
        setMeta(blockId, NUM_SEALED, numSealed);
        return held;
    }

    /** Makes a block one that the index does not find; a cached one is free from now on. */
    boolean detach(int blockId) {
        setMeta(blockId, ENTRY, NONE);
        setMeta(blockId, NUM_SEALED, 0);
        boolean held = meta(blockId, REF_COUNT) > 0;
        if (!held) {
            numCached--;
            budget.removeIdle(blockBytes);
            tighten(blockId);
            setFree(blockId);
        }
        return held;
    }

    boolean isAttached(int blockId, int entry, int numSealed) {
        return meta(blockId, ENTRY) == entry && meta(blockId, NUM_SEALED) == numSealed;
    }

    /** The entry of the index that a block belongs to, or -1. */
    int entry(int blockId) {
        return meta(blockId, ENTRY);
    }

    boolean isCached(int blockId) {
        return meta(blockId, REF_COUNT) == 0 && meta(blockId, ENTRY) != NONE;
    }

    /** Puts a cached block at the end of the loose ones, which can be given up whatever becomes of their entry. */
    void loosen(int blockId) {
        if (meta(blockId, PREVIOUS_LOOSE) != NOT_LOOSE) {
            return;
        }
        setMeta(blockId, PREVIOUS_LOOSE, lastLoose);
        setMeta(blockId, NEXT_LOOSE, NONE);
        if (lastLoose == NONE) {
            firstLoose = blockId;
        } else {
            setMeta(lastLoose, NEXT_LOOSE, blockId);
        }
        lastLoose = blockId;
        numLoose++;
    }

    /** Takes a block out of the loose ones, if it is there. */
    void tighten(int blockId) {
        int previous = meta(blockId, PREVIOUS_LOOSE);
        if (previous == NOT_LOOSE) {
            return;
        }
        int next = meta(blockId, NEXT_LOOSE);
        if (previous == NONE) {
            firstLoose = next;
        } else {
            setMeta(previous, NEXT_LOOSE, next);
        }
        if (next == NONE) {
            lastLoose = previous;
        } else {
            setMeta(next, PREVIOUS_LOOSE, previous);
        }
        setMeta(blockId, PREVIOUS_LOOSE, NOT_LOOSE);
        numLoose--;
    }

    /** The block that has been loose for longest, or -1. */
    int firstLoose() {
        return firstLoose;
    }

    int numLoose() {
        return numLoose;
    }

    /** Holders of a block; 0 when it is cached or free. */
    public int refCount(int blockId) {
        synchronized (budget) {
            return meta(blockId, REF_COUNT);
        }
    }

    /**
     * Whether its one holder may write a block's slots from {@code fromSlot} on, as nobody else reads them.
     *
     * @param unseals whether to make it so by giving up what the index has of the block
     */
    boolean isWritable(int blockId, int fromSlot, boolean unseals) {
        synchronized (budget) {
            return meta(blockId, REF_COUNT) == 1 && (meta(blockId, NUM_SEALED) <= fromSlot
                    || (unseals && budget.evictor().giveUp(meta(blockId, ENTRY))));
        }
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
     * Checks that every block is held, cached or once in the free list, and that the counts agree; an
     * {@link IllegalStateException} names what is wrong.
     */
    public void checkIntegrity() {
        synchronized (budget) {
            if (closed && numHeld == 0) {
                return;
            }
            int numWithHolders = 0;
            int numWithEntryOnly = 0;
            for (int blockId = 0; blockId < numBlocks; blockId++) {
                boolean held = meta(blockId, REF_COUNT) > 0;
                numWithHolders += held ? 1 : 0;
                numWithEntryOnly += !held && meta(blockId, ENTRY) != NONE ? 1 : 0;
            }
            requireState(numWithHolders == numHeld,
                    numWithHolders + " blocks have holders, " + numHeld + " are counted as held");
            requireState(numWithEntryOnly == numCached,
                    numWithEntryOnly + " blocks are in the index only, " + numCached + " are counted as cached");
            int numFreeListed = countFreeList();
            requireState(countLoose() == numLoose, "the loose blocks are wrongly counted");
            requireState(numFreeListed + numHeld + numCached == numBlocks, numFreeListed + " free + " + numHeld
                    + " held + " + numCached + " cached blocks, " + numBlocks + " in all");
        }
    }

    private int countFreeList() {
        int numFreeListed = 0;
        for (int blockId = firstFree; blockId != NONE; blockId = meta(blockId, NEXT_FREE)) {
            requireState(meta(blockId, REF_COUNT) == 0,
                    "block " + blockId + " is free but has " + meta(blockId, REF_COUNT) + " holders");
            requireState(meta(blockId, ENTRY) == NONE, "block " + blockId + " is free but in the index");
            requireState(++numFreeListed <= numBlocks, "the free list runs in a circle");
        }
        return numFreeListed;
    }

    private int countLoose() {
        int numListed = 0;
        for (int blockId = firstLoose; blockId != NONE; blockId = meta(blockId, NEXT_LOOSE)) {
            requireState(isCached(blockId), "block " + blockId + " is loose but not cached");
            requireState(++numListed <= numBlocks, "the list of loose blocks runs in a circle");
        }
        return numListed;
    }

    /** Ends allocation; the memory goes with the last held block. Closing again does nothing. */
    @Override
    public void close() {
        synchronized (budget) {
            if (!closed) {
                closed = true;
                closeArenaIfUnused();
            }
        }
    }

    private void closeArenaIfUnused() {
        if (closed && numHeld + numCached == 0) {
            arena.close();
        }
    }

    private int requireHeld(int blockId) {
        int refCount = meta(blockId, REF_COUNT);
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
