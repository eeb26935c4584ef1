package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreWrites;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes blocks to the store beneath an index, behind bounded queues: chunks that are complete, and what is evicted
 * before it was written. A chunk is some consecutive blocks from a multiple of {@link StoreBinding#chunkBlocks()} on;
 * one that ends earlier is written when its last block is evicted or the index is closed. Complete chunks wait as node
 * numbers, which costs nothing; eviction hands its victims over under the budget's lock, which only takes a hold on
 * their blocks. Copying and writing happen outside it. What finds no room in a queue is dropped and counted: no token
 * waits for the store.
 *
 * <p>Locks are taken in the order {@code copying}, budget, this. The writing thread starts with the first chunk.
 */
final class StoreWriter implements AutoCloseable {
    private static final int NONE = PrefixTree.NONE;
    private static final long CLOSE_MILLIS = 10_000;
    private static final int MAX_COMPLETE = 1 << 16;
    private static final int MAX_BLOCKS_OF_TAILS = 8;

    private final StoreBinding binding;
    private final LayerGroup[] groups;
    private final PoolBudget budget;
    private final PrefixTree tree;
    private final boolean hasWindows;
    private final ReentrantLock copying = new ReentrantLock();
    private final Deque<HeldChunk> queue = new ArrayDeque<>();
    private final Deque<Integer> complete = new ArrayDeque<>(); // last nodes of complete chunks
    private final AtomicLong numWritten = new AtomicLong();
    private final AtomicLong numDropped = new AtomicLong();
    private @Nullable List<HeldChunk> collected; // under the budget's lock: victims of the current eviction
    private long queuedBytes;
    private @Nullable Thread thread;
    private boolean closed;
    private boolean isShut; // under the budget's lock: the tree is about to go

    StoreWriter(StoreBinding binding, LayerGroup[] groups, PrefixTree tree) {
        this.binding = binding;
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.tree = tree;
        this.hasWindows = Arrays.stream(groups).anyMatch(group -> group.window().isBounded());
    }

    /** A chunk on its way to the store: pool blocks that are held until they are copied, then the copy. */
    private final class HeldChunk {
        private final int[] nodes; // [blocks]
        private final long[] stamps; // [blocks]
        private final int[] blockIds; // [blocks][G], NONE where the group has none
        private final BlockKey before;
        private final BlockOrigin origin;
        private final long firstPosition;
        private final int[] tokenIds;
        private long freedBytes; // what its eviction gives back
        private @Nullable StoredChunk copy;

        /** The chunk that ends with a node; under the budget's lock. */
        HeldChunk(int last) {
            int numBlocksBefore = tree.numBlocksBefore(last);
            this.nodes = new int[numBlocksBefore % binding.chunkBlocks() + 1];
            this.stamps = new long[nodes.length];
            this.blockIds = new int[nodes.length * groups.length];
            this.tokenIds = new int[nodes.length * tree.blockSize()];
            int node = last;
            for (int block = nodes.length - 1; block >= 0; block--) {
                nodes[block] = node;
                stamps[block] = tree.stamp(node);
                System.arraycopy(tree.tokenIds(node), 0, tokenIds, block * tree.blockSize(), tree.blockSize());
                for (int group = 0; group < groups.length; group++) {
                    blockIds[block * groups.length + group] = tree.blockId(node, group);
                }
                node = tree.parent(node);
            }
            this.before = tree.key(node);
            this.origin = binding.origin(tree.namespace(last));
            this.firstPosition = (long) (numBlocksBefore + 1 - nodes.length) * tree.blockSize();
        }

        boolean hasExpiry() {
            return Arrays.stream(nodes).anyMatch(tree::hasExpiry);
        }

        /** Takes holds; those on the last node's blocks without telling of it where that is about to go. */
        void hold(boolean lastGoes) {
            for (int i = 0; i < blockIds.length; i++) {
                BlockPool pool = groups[i % groups.length].blocks();
                boolean goes = lastGoes && i >= blockIds.length - groups.length;
                if (blockIds[i] != NONE && goes) {
                    pool.takeCached(blockIds[i]);
                    freedBytes += pool.blockBytes();
                } else if (blockIds[i] != NONE) {
                    pool.retainCached(blockIds[i]);
                }
            }
        }

        /** Says of its nodes, as far as they are still there, whether the store has them. */
        void setStored(boolean stored) {
            for (int block = 0; block < nodes.length; block++) {
                if (tree.stamp(nodes[block]) == stamps[block]) {
                    tree.setStored(nodes[block], stored);
                }
            }
        }

        /** The chunk over the pool's memory. */
        private StoredChunk inPool() {
            MemorySegment[] parts = new MemorySegment[blockIds.length];
            for (int i = 0; i < parts.length; i++) {
                if (blockIds[i] != NONE) {
                    BlockPool pool = groups[i % groups.length].blocks();
                    parts[i] = pool.segment(blockIds[i]).asSlice(pool.byteOffset(blockIds[i]), pool.blockBytes());
                }
            }
            return StoredChunk.of(origin, before, firstPosition, tokenIds, tree.blockSize(), Arrays.asList(parts));
        }

        /** Copies the chunk and lets go of the pool's blocks. */
        StoredChunk detached() {
            if (copy == null) {
                copy = inPool().copy();
                release();
            }
            return copy;
        }

        void release() {
            for (int i = 0; i < blockIds.length; i++) {
                if (blockIds[i] != NONE) {
                    groups[i % groups.length].blocks().release(blockIds[i]);
                }
            }
        }

        long bytes() {
            long bytes = 0;
            for (int i = 0; i < blockIds.length; i++) {
                bytes += blockIds[i] == NONE ? 0 : groups[i % groups.length].layout().blockBytes();
            }
            return bytes;
        }
    }

    /** A node has become whole, or was found again: its chunk may be ready to be written. Under the budget's lock. */
    void ready(int node, int logicalBlock, StoreWrites when) {
        if (when != binding.writes() || (logicalBlock + 1) % binding.chunkBlocks() != 0 || tree.isStored(node)) {
            return;
        }
        if (hasWindows) { // their blocks may go before the writing thread comes to them
            HeldChunk chunk = new HeldChunk(node);
            chunk.hold(false);
            chunk.setStored(true);
            if (!offer(chunk)) {
                chunk.setStored(false);
                chunk.release();
            }
            return;
        }
        synchronized (this) {
            if (closed || complete.size() == MAX_COMPLETE) {
                numDropped.incrementAndGet();
                return;
            }
            complete.add(node);
            start();
        }
    }

    /**
     * Called before a node is evicted or loses its block in a windowed group. Under the budget's lock.
     *
     * @param goes whether the node itself is evicted, so that its blocks are not held
     */
    void evicting(int node, boolean goes) {
        if (tree.isStored(node) || !tree.isWhole(node) || tree.hasExpiry(node)) {
            return;
        }
        HeldChunk victim = collected == null ? null : new HeldChunk(node);
        if (collected == null || victim == null || victim.hasExpiry()) {
            numDropped.incrementAndGet(); // its memory is needed immediately
            return;
        }
        victim.hold(goes);
        victim.setStored(true);
        collected.add(victim);
    }

    /** Evicts a cached block beyond the limit and queues it. Under the budget's lock. */
    boolean trimOne(BooleanSupplier evictOne) {
        List<HeldChunk> victims = new ArrayList<>();
        collected = victims;
        boolean evicted;
        try {
            evicted = evictOne.getAsBoolean();
        } finally {
            collected = null;
        }
        for (HeldChunk victim : victims) {
            if (!offer(victim)) {
                victim.setStored(false);
                victim.release();
            }
        }
        return evicted;
    }

    /**
     * Makes room for an allocation by evicting the same blocks earlier, so that they can be copied first; not under the
     * lock.
     */
    void prepareRoom(long bytes, BooleanSupplier evictOne) {
        List<HeldChunk> victims = new ArrayList<>();
        copying.lock();
        try {
            if (missingBytes(bytes) > 0) {
                copyQueued();
                evictFor(bytes, evictOne, victims);
                for (HeldChunk victim : victims) {
                    if (hasRoom(victim.bytes())) {
                        victim.detached();
                        offer(victim);
                    } else {
                        numDropped.incrementAndGet();
                        setStored(victim, false);
                        victim.release();
                    }
                }
            }
        } finally {
            copying.unlock();
        }
    }

    private long missingBytes(long bytes) {
        synchronized (budget) {
            return bytes - budget.leftBytes();
        }
    }

    private void evictFor(long bytes, BooleanSupplier evictOne, List<HeldChunk> victims) {
        synchronized (budget) {
            long missing = bytes - budget.leftBytes();
            if (missing > budget.evictor().evictableBytes()) {
                return; // the allocation will fail, and must change nothing
            }
            collected = victims;
            try {
                while (missing > 0 && evictOne.getAsBoolean()) {
                    missing = bytes - budget.leftBytes();
                    for (HeldChunk victim : victims) {
                        missing -= victim.freedBytes;
                    }
                }
            } finally {
                collected = null;
            }
        }
    }

    /** Releases the pool blocks that wait in the queue. */
    private void copyQueued() {
        List<HeldChunk> waiting;
        synchronized (this) {
            waiting = List.copyOf(queue);
        }
        waiting.forEach(HeldChunk::detached);
    }

    private synchronized boolean hasRoom(long bytes) {
        return !closed && queuedBytes + bytes <= binding.maxQueueBytes();
    }

    /** Queues a victim; if there is no room, counts it as dropped and returns false. */
    private synchronized boolean offer(HeldChunk victim) {
        if (closed || queuedBytes + victim.bytes() > binding.maxQueueBytes()) {
            numDropped.incrementAndGet();
            return false;
        }
        queue.add(victim);
        queuedBytes += victim.bytes();
        start();
        return true;
    }

    private synchronized void start() {
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("pastkv-store-writer").start(this::run);
        }
        notifyAll();
    }

    private void run() {
        while (awaitWork()) {
            HeldChunk victim = copyFirst();
            if (victim != null) {
                put(victim);
                written();
            } else {
                writeComplete();
            }
        }
    }

    /** The first of the queue, copied; null where it is empty. */
    private @Nullable HeldChunk copyFirst() {
        copying.lock();
        try {
            HeldChunk victim = peek();
            if (victim != null) {
                victim.detached();
            }
            return victim;
        } finally {
            copying.unlock();
        }
    }

    private void writeComplete() {
        Integer node;
        synchronized (this) {
            node = complete.peek();
        }
        if (node != null) {
            writeEndingAt(node, true);
            synchronized (this) {
                complete.poll();
                notifyAll();
            }
        }
    }

    /** Waits for something to write; false when the writer is closed and nothing is left. */
    private synchronized boolean awaitWork() {
        try {
            while (queue.isEmpty() && complete.isEmpty() && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            closed = true;
            Thread.currentThread().interrupt();
        }
        return !queue.isEmpty() || !complete.isEmpty();
    }

    private synchronized @Nullable HeldChunk peek() {
        return queue.peek();
    }

    private synchronized void written() {
        HeldChunk victim = queue.poll();
        queuedBytes -= victim == null ? 0 : victim.bytes();
        notifyAll();
    }

    /** Puts a chunk that has been copied, and counts; whether the store has taken it. */
    private boolean put(HeldChunk chunk) {
        PutResult result;
        try {
            result = binding.store().put(chunk.detached());
        } catch (RuntimeException e) { // a store that breaks its contract must not break the cache
            result = PutResult.RETRY;
        }
        boolean isStored = result == PutResult.STORED;
        (isStored ? numWritten : numDropped).addAndGet(chunk.nodes.length);
        setStored(chunk, isStored);
        return isStored;
    }

    private void setStored(HeldChunk chunk, boolean stored) {
        synchronized (budget) {
            if (!isShut) {
                chunk.setStored(stored);
            }
        }
    }

    /**
     * Waits for what is queued, then writes every whole block of the index that the store does not have yet: complete
     * chunks first, then those that end earlier.
     *
     * @return blocks that the store has taken
     */
    int writeAll() {
        awaitWritten();
        int numTaken = 0;
        for (boolean completeOnly : new boolean[] {true, false}) {
            for (int node : unstored(!completeOnly && binding.chunkBlocks() <= MAX_BLOCKS_OF_TAILS)) {
                numTaken += writeEndingAt(node, completeOnly);
            }
        }
        return numTaken;
    }

    /**
     * Whole blocks that are not stored, the deepest first: one chunk then holds all those before its last block. In
     * small chunks the deepest comes last, so that each beginning of an incomplete chunk is found by itself.
     */
    private int[] unstored(boolean deepestLast) {
        synchronized (budget) {
            int numNodes = isShut ? 0 : tree.numNodesGiven();
            Comparator<Integer> byDepth = Comparator.comparingInt(tree::numBlocksBefore);
            return IntStream.range(0, numNodes).filter(node -> tree.isWhole(node) && !tree.isStored(node)).boxed()
                    .sorted(deepestLast ? byDepth : byDepth.reversed()).mapToInt(node -> node).toArray();
        }
    }

    /** Writes the chunk that ends with a node, in this thread; returns the blocks that the store has taken. */
    private int writeEndingAt(int node, boolean completeOnly) {
        HeldChunk held;
        copying.lock(); // so that who needs room does not meet these holds
        try {
            held = holdEndingAt(node, completeOnly);
            if (held != null) {
                held.detached();
            }
        } finally {
            copying.unlock();
        }
        return held != null && put(held) ? held.nodes.length : 0;
    }

    private @Nullable HeldChunk holdEndingAt(int node, boolean completeOnly) {
        synchronized (budget) {
            if (isShut || node >= tree.numNodesGiven() || !tree.isWhole(node) || tree.isStored(node)) {
                return null;
            }
            HeldChunk held = new HeldChunk(node);
            if (held.hasExpiry() || (completeOnly && held.nodes.length < binding.chunkBlocks())) {
                return null;
            }
            held.hold(false);
            return held;
        }
    }

    long numWritten() {
        return numWritten.get();
    }

    long numDropped() {
        return numDropped.get();
    }

    private synchronized void awaitWritten() {
        try {
            while (!queue.isEmpty() || !complete.isEmpty()) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // queued blocks are still written
        }
    }

    /** Writes queued blocks for at most ten seconds, and drops the rest. */
    @Override
    public void close() {
        Thread writing;
        synchronized (this) {
            closed = true;
            writing = thread;
            notifyAll();
        }
        try {
            if (writing != null) {
                writing.join(CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        copying.lock();
        try {
            copyQueued();
        } finally {
            copying.unlock();
        }
        synchronized (this) {
            numDropped.addAndGet(queue.size() + complete.size());
            queue.clear();
            complete.clear();
            queuedBytes = 0;
        }
        synchronized (budget) {
            isShut = true;
        }
    }
}
