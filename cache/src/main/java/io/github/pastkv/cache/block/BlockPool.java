package io.github.pastkv.cache.block;

import io.github.pastkv.cache.check.Require;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * All storage of one layer group: reference-counted blocks of equal size in off-heap segments. The pool grows by one
 * segment at a time up to a limit in bytes, and never moves a block. The limit reserves no memory.
 *
 * <p>A block is in one of three states: <em>held</em> (reference count above 0), <em>cached</em> (held by no one, but
 * found by the index) or <em>free</em>. Freed blocks are appended to the free list, and allocation takes from its
 * front. When no free block is left within the limit, the index evicts cached ones in the order of its policy. After
 * {@link #close} nothing can be allocated; the memory is freed when the last block is released.
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
    /** Number of slots that belong to the node and must not be written. */
    private static final long NUM_SEALED = 8;
    private static final long LINKS = 12;
    /** 1 for a block that has been held before. */
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
    private int numShared; // held more than once
    private int numCached;
    private boolean poisonsFreed;
    private boolean closed;

    /**
     * An empty pool.
     *
     * @param blockBytes bytes of one block
     * @param limitBytes limit of all blocks in bytes; at least one block
     */
    public BlockPool(long blockBytes, long limitBytes) {
        this(blockBytes, new PoolBudget(limitBytes, limitBytes));
    }

    /** An empty pool that shares its limit with others. */
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

    /** Limit in bytes, over all pools that share it. */
    public long limitBytes() {
        return budget.limitBytes();
    }

    /** Bytes of all segments allocated from the system so far. */
    public long poolBytes() {
        long bytes = 0;
        for (MemorySegment segment : segments) {
            bytes += segment.byteSize();
        }
        return bytes;
    }

    /** Bytes of off-heap bookkeeping allocated so far. */
    public long bookkeepingBytes() {
        synchronized (budget) {
            return records.bytes();
        }
    }

    /** Whether freed blocks are filled with NaN, so that invalid reads are noticed. */
    public void setPoisonsFreed(boolean newPoisonsFreed) {
        synchronized (budget) {
            poisonsFreed = newPoisonsFreed;
        }
    }

    /** The lock of this pool and of those that share its limit. */
    Object lock() {
        return budget;
    }

    public PoolBudget budget() {
        return budget;
    }

    /** Number of blocks that have memory; their numbers begin at 0. */
    public int numBlocks() {
        synchronized (budget) {
            return records.numGiven();
        }
    }

    /** Number of held blocks. */
    public int numHeld() {
        synchronized (budget) {
            return numHeld;
        }
    }

    /** Number of held blocks that have several holders. */
    public int numShared() {
        synchronized (budget) {
            return numShared;
        }
    }

    /** Number of cached blocks. */
    public int numCached() {
        synchronized (budget) {
            return numCached;
        }
    }

    /** Number of blocks that could be allocated without eviction, including growth up to the limit. */
    public int numFree() {
        synchronized (budget) {
            return (int) Math.min(maxBlocks - numHeld - numCached, budget.leftBytes() / blockBytes);
        }
    }

    /** Allocates {@code count} blocks, each with a reference count of 1, into {@code blockIds[from...]}, or none. */
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

    /** Adds a reference to a held block. */
    public void retain(int blockId) {
        synchronized (budget) {
            int refCount = requireHeld(blockId) + 1;
            records.setInt(blockId, REF_COUNT, refCount);
            numShared += refCount == 2 ? 1 : 0;
        }
    }

    /** Adds a reference to a held or cached block. */
    public void retainCached(int blockId) {
        int refCount = records.getInt(blockId, REF_COUNT);
        int node = records.getInt(blockId, NODE);
        requireState(refCount > 0 || node != NONE, "block " + blockId + " is neither held nor cached");
        records.setInt(blockId, REF_COUNT, refCount + 1);
        numShared += refCount == 1 ? 1 : 0;
        if (refCount == 0) {
            numHeld++;
            numCached--;
            budget.removeCached(blockBytes);
            unmarkReclaimable(blockId);
            budget.evictor().held(node);
        }
    }

    /** Makes the caller the only holder of a cached block whose node is about to be evicted; under the lock. */
    public void takeCached(int blockId) {
        requireState(isCached(blockId), "block " + blockId + " is not cached");
        records.setInt(blockId, REF_COUNT, 1);
        numHeld++;
        numCached--;
        budget.removeCached(blockBytes);
        unmarkReclaimable(blockId);
    }

    /** Removes a reference; without references the block is cached or free. */
    public void release(int blockId) {
        synchronized (budget) {
            int refCount = requireHeld(blockId) - 1;
            records.setInt(blockId, REF_COUNT, refCount);
            if (refCount > 0) {
                numShared -= refCount == 1 ? 1 : 0;
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

    /** Assigns a held or cached block to a node of the index: its first slots must not be written any more. */
    public boolean attach(int blockId, int node, int numSealed) {
        boolean held = records.getInt(blockId, REF_COUNT) > 0;
        requireState(held || records.getInt(blockId, NODE) == node, "block " + blockId + " is free");
        records.setInt(blockId, NODE, node);
        records.setInt(blockId, NUM_SEALED, numSealed);
        return held;
    }

    /** Removes a block from the index; a cached one becomes free. */
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

    /** Appends a cached block to the reclaimable ones, which can be freed even if their node stays. */
    public void markReclaimable(int blockId) {
        if (!reclaimable.isListed(blockId)) {
            reclaimable.append(blockId);
        }
    }

    /** Removes a held or cached block from the reclaimable ones, if it is among them. */
    public void unmarkReclaimable(int blockId) {
        if (reclaimable.isListed(blockId)) {
            reclaimable.remove(blockId);
        }
    }

    /** The block that has been reclaimable for the longest time, or -1. */
    public int firstReclaimable() {
        return reclaimable.first();
    }

    public int numReclaimable() {
        return reclaimable.size();
    }

    /** Reference count of a block; 0 if it is cached or free. */
    public int refCount(int blockId) {
        synchronized (budget) {
            return records.getInt(blockId, REF_COUNT);
        }
    }

    /**
     * Whether the only holder of a block may write its slots from {@code fromSlot} on.
     *
     * @param invalidateCached whether to allow it by removing the block from the index
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
     * Fills a block with zeros if it was held before; new memory is already zero, and poisoned blocks stay poisoned.
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

    /** Checks that every block is held, cached or in the free list once, and that the counts agree. */
    public void checkIntegrity() {
        synchronized (budget) {
            if (closed && numHeld == 0) {
                return;
            }
            int numWithHolders = 0;
            int numWithSeveral = 0;
            int numWithEntryOnly = 0;
            for (int blockId = 0; blockId < records.numGiven(); blockId++) {
                boolean held = records.getInt(blockId, REF_COUNT) > 0;
                numWithHolders += held ? 1 : 0;
                numWithSeveral += records.getInt(blockId, REF_COUNT) > 1 ? 1 : 0;
                numWithEntryOnly += !held && records.getInt(blockId, NODE) != NONE ? 1 : 0;
            }
            requireState(numWithHolders == numHeld,
                    numWithHolders + " blocks have holders, " + numHeld + " are counted as held");
            requireState(numWithSeveral == numShared,
                    numWithSeveral + " blocks have several holders, " + numShared + " are counted as shared");
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

    /** Ends allocation; the memory is freed with the last held block. Closing again does nothing. */
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
