package io.github.pastkv.cache.block;

import io.github.pastkv.cache.check.Require;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * All storage of one layer group: blocks of equal size in segments outside the heap, counted by their holders. The pool
 * grows a segment at a time up to a limit in bytes and never moves a block; the limit reserves nothing.
 *
 * <p>A block is in one of three states: <em>held</em> by somebody; <em>cached</em>, which means that nobody holds it
 * but an index may find it again; or <em>free</em>. A free block goes to the end of the free list and is handed out
 * again from its front. When no free block is left within the limit, the index gives up cached ones, the least useful
 * first. After {@link #close} nothing can be allocated; the memory goes when the last holder lets go of its block.
 *
 * <p>Safe for any number of threads; pools that share a limit share a lock.
 */
public final class BlockPool implements AutoCloseable {
    private static final long SEGMENT_BYTES = 256 * 1024;
    private static final long ALIGNMENT = 64;
    /** All bits set: not a number in every type of float. */
    private static final byte POISON = (byte) 0xFF;

    private static final int NONE = OffHeapTable.NONE;
    // fields of a block's record
    private static final long REF_COUNT = 0;
    /** Node of the prefix tree, or NONE. */
    private static final long NODE = 4;
    /** Slots that the node promises, which must not be written. */
    private static final long NUM_SEALED = 8;
    private static final long LINKS = 12;
    /** 1 for a block that somebody has held before. */
    private static final long USED = 20;
    private static final int RECORD_BYTES = 24;

    private final long blockBytes;
    private final PoolBudget budget;
    private final int maxBlocks;
    private final int segmentShift;
    private final Arena arena = Arena.ofShared();
    private volatile MemorySegment[] segments = new MemorySegment[0];
    private final OffHeapTable records;
    private final RecordList free;
    private final RecordList reclaimable;

    private int numHeld;
    private int numCached;
    private boolean poisonsFreed;
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
        Require.positive("blockBytes", blockBytes);
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
        this.records = new OffHeapTable(arena, RECORD_BYTES, segmentShift);
        this.free = new RecordList("free blocks", records, LINKS);
        this.reclaimable = new RecordList("reclaimable blocks", records, LINKS);
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
            return records.bytes();
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

    public PoolBudget budget() {
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
        budget.evictor().prepareRoom(count * blockBytes);
        synchronized (budget) {
            requireOpen();
            if (!budget.tryTake(count * blockBytes)) {
                return new Allocation.Exhausted(count, numFree(),
                        (int) (budget.evictor().evictableBytes() / blockBytes), budget.limitBytes());
            }
            try {
                while (free.size() < count) {
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
        int firstNew = records.numGiven();
        int perSegment = Math.min(1 << segmentShift, maxBlocks - firstNew);
        MemorySegment[] grown = Arrays.copyOf(segments, segments.length + 1);
        grown[segments.length] = arena.allocate(blockBytes * perSegment, ALIGNMENT);
        segments = grown;
        for (int blockId = firstNew; blockId < firstNew + perSegment; blockId++) {
            addRecord();
            addFree(blockId);
        }
    }

    private void addRecord() {
        int blockId = records.add();
        records.setInt(blockId, REF_COUNT, 0);
        records.setInt(blockId, NODE, NONE);
        records.setInt(blockId, NUM_SEALED, 0);
        records.setInt(blockId, USED, 0);
        free.initialize(blockId);
    }

    private int takeFirstFree() {
        int blockId = free.first();
        free.remove(blockId);
        records.setInt(blockId, REF_COUNT, 1);
        numHeld++;
        return blockId;
    }

    private void addFree(int blockId) {
        if (poisonsFreed) {
            segment(blockId).asSlice(byteOffset(blockId), blockBytes).fill(POISON);
        }
        free.append(blockId);
    }

    /** One more holder of a held block. */
    public void retain(int blockId) {
        synchronized (budget) {
            records.setInt(blockId, REF_COUNT, requireHeld(blockId) + 1);
        }
    }

    /** One more holder of a held or cached block. */
    public void retainCached(int blockId) {
        int refCount = records.getInt(blockId, REF_COUNT);
        int node = records.getInt(blockId, NODE);
        requireState(refCount > 0 || node != NONE, "block " + blockId + " is neither held nor cached");
        records.setInt(blockId, REF_COUNT, refCount + 1);
        if (refCount == 0) {
            numHeld++;
            numCached--;
            budget.removeCached(blockBytes);
            unmarkReclaimable(blockId);
            budget.evictor().held(node);
        }
    }

    /** Makes the caller the one holder of a cached block whose node is about to be evicted; under the lock. */
    public void takeCached(int blockId) {
        requireState(isCached(blockId), "block " + blockId + " is not cached");
        records.setInt(blockId, REF_COUNT, 1);
        numHeld++;
        numCached--;
        budget.removeCached(blockBytes);
        unmarkReclaimable(blockId);
    }

    /** One holder less; with the last one the block is cached or free. */
    public void release(int blockId) {
        synchronized (budget) {
            int refCount = requireHeld(blockId) - 1;
            records.setInt(blockId, REF_COUNT, refCount);
            if (refCount > 0) {
                return;
            }
            numHeld--;
            int node = records.getInt(blockId, NODE);
            if (node == NONE) {
                setFree(blockId);
            } else {
                numCached++;
                budget.evictor().unheld(this, blockId, node);
                budget.addCached(blockBytes);
            }
        }
    }

    private void setFree(int blockId) {
        records.setInt(blockId, USED, 1);
        addFree(blockId);
        budget.giveBack(blockBytes);
        closeArenaIfUnused();
    }

    /** Makes a held or cached block one that the index may find: its first slots must not be written any more. */
    public boolean attach(int blockId, int node, int numSealed) {
        boolean held = records.getInt(blockId, REF_COUNT) > 0;
        requireState(held || records.getInt(blockId, NODE) == node, "block " + blockId + " is free");
        records.setInt(blockId, NODE, node);
        records.setInt(blockId, NUM_SEALED, numSealed);
        return held;
    }

    /** Makes a block one that the index does not find; a cached one is free from now on. */
    public boolean detach(int blockId) {
        records.setInt(blockId, NODE, NONE);
        records.setInt(blockId, NUM_SEALED, 0);
        boolean held = records.getInt(blockId, REF_COUNT) > 0;
        if (!held) {
            numCached--;
            budget.removeCached(blockBytes);
            unmarkReclaimable(blockId);
            setFree(blockId);
        }
        return held;
    }

    public boolean isAttached(int blockId, int node, int numSealed) {
        return records.getInt(blockId, NODE) == node && records.getInt(blockId, NUM_SEALED) == numSealed;
    }

    /** The node of the index that a block belongs to, or -1. */
    public int node(int blockId) {
        return records.getInt(blockId, NODE);
    }

    public boolean isCached(int blockId) {
        return records.getInt(blockId, REF_COUNT) == 0 && records.getInt(blockId, NODE) != NONE;
    }

    /** Puts a cached block at the end of the reclaimable ones, which can be given up whatever becomes of their node. */
    public void markReclaimable(int blockId) {
        if (!reclaimable.isListed(blockId)) {
            reclaimable.append(blockId);
        }
    }

    /** Takes a held or cached block out of the reclaimable ones, if it is there. */
    public void unmarkReclaimable(int blockId) {
        if (reclaimable.isListed(blockId)) {
            reclaimable.remove(blockId);
        }
    }

    /** The block that has been reclaimable for longest, or -1. */
    public int firstReclaimable() {
        return reclaimable.first();
    }

    public int numReclaimable() {
        return reclaimable.size();
    }

    /** Holders of a block; 0 when it is cached or free. */
    public int refCount(int blockId) {
        synchronized (budget) {
            return records.getInt(blockId, REF_COUNT);
        }
    }

    /**
     * Whether its one holder may write a block's slots from {@code fromSlot} on, as nobody else reads them.
     *
     * @param invalidateCached whether to make it so by giving up what the index has of the block
     */
    boolean isWritable(int blockId, int fromSlot, boolean invalidateCached) {
        synchronized (budget) {
            return records.getInt(blockId, REF_COUNT) == 1 && (records.getInt(blockId, NUM_SEALED) <= fromSlot
                    || (invalidateCached && budget.evictor().evictSubtree(records.getInt(blockId, NODE))));
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

    /**
     * Fills a block with zeros if it was held before; new memory is zero already, and poisoned blocks stay poisoned.
     */
    void eraseIfReused(int blockId) {
        boolean reused;
        synchronized (budget) {
            reused = records.getInt(blockId, USED) == 1 && !poisonsFreed;
        }
        if (reused) {
            segment(blockId).asSlice(byteOffset(blockId), blockBytes).fill((byte) 0);
        }
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
            for (int blockId = 0; blockId < records.numGiven(); blockId++) {
                boolean held = records.getInt(blockId, REF_COUNT) > 0;
                numWithHolders += held ? 1 : 0;
                numWithEntryOnly += !held && records.getInt(blockId, NODE) != NONE ? 1 : 0;
            }
            requireState(numWithHolders == numHeld,
                    numWithHolders + " blocks have holders, " + numHeld + " are counted as held");
            requireState(numWithEntryOnly == numCached,
                    numWithEntryOnly + " blocks are in the index only, " + numCached + " are counted as cached");
            free.checkIntegrity(this::requireFree);
            reclaimable.checkIntegrity(
                    blockId -> requireState(isCached(blockId), "block " + blockId + " is reclaimable but not cached"));
            requireState(free.size() + numHeld + numCached == records.numGiven(), free.size() + " free + " + numHeld
                    + " held + " + numCached + " cached blocks, " + records.numGiven() + " in all");
        }
    }

    private void requireFree(int blockId) {
        requireState(records.getInt(blockId, REF_COUNT) == 0,
                "block " + blockId + " is free but has " + records.getInt(blockId, REF_COUNT) + " holders");
        requireState(records.getInt(blockId, NODE) == NONE, "block " + blockId + " is free but in the index");
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
        int refCount = records.getInt(blockId, REF_COUNT);
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
}
