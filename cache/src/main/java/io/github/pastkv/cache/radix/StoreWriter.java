package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoredBlock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes evicted blocks to the store beneath an index, behind a bounded queue. Eviction hands its victims over under
 * the budget's lock, which only takes a hold on their blocks; copying and writing happen outside it. A victim for which
 * the queue has no room is dropped and counted: no token waits for the store.
 *
 * <p>Locks are taken in the order {@code copying}, budget, this. The writing thread starts with the first victim.
 */
final class StoreWriter implements AutoCloseable {
    private static final int NONE = PrefixTree.NONE;
    private static final long CLOSE_MILLIS = 10_000;

    private final StoreBinding binding;
    private final LayerGroup[] groups;
    private final PoolBudget budget;
    private final PrefixTree tree;
    private final ReentrantLock copying = new ReentrantLock();
    private final Deque<Victim> queue = new ArrayDeque<>();
    private final AtomicLong numWritten = new AtomicLong();
    private final AtomicLong numDropped = new AtomicLong();
    private @Nullable List<Victim> collected; // under the budget's lock: victims of the eviction under way
    private long queuedBytes;
    private @Nullable Thread thread;
    private boolean closed;

    StoreWriter(StoreBinding binding, LayerGroup[] groups, PrefixTree tree) {
        this.binding = binding;
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.tree = tree;
    }

    /** A block on its way to the store: pool blocks that are held until they are copied, then the copy. */
    private final class Victim {
        private final BlockKey key;
        private final int[] tokenIds;
        private final int[] blockIds; // [G], NONE where the group has none
        private @Nullable StoredBlock copy;

        Victim(int node) {
            this.key = tree.key(node);
            this.tokenIds = tree.tokenIds(node);
            this.blockIds = new int[groups.length];
            for (int group = 0; group < groups.length; group++) {
                blockIds[group] = tree.blockId(node, group);
            }
        }

        /** The block over the pool's memory. */
        StoredBlock inPool() {
            MemorySegment[] parts = new MemorySegment[groups.length];
            for (int group = 0; group < groups.length; group++) {
                if (blockIds[group] != NONE) {
                    BlockPool pool = groups[group].blocks();
                    parts[group] = pool.segment(blockIds[group]).asSlice(pool.byteOffset(blockIds[group]),
                            pool.blockBytes());
                }
            }
            return StoredBlock.of(key, tokenIds, Arrays.asList(parts));
        }

        /** Copies the block and lets go of the pool's. */
        StoredBlock detached() {
            if (copy == null) {
                copy = inPool().copy();
                release();
            }
            return copy;
        }

        void release() {
            for (int group = 0; group < groups.length; group++) {
                if (blockIds[group] != NONE) {
                    groups[group].blocks().release(blockIds[group]);
                }
            }
        }

        long bytes() {
            long bytes = 0;
            for (int group = 0; group < groups.length; group++) {
                bytes += blockIds[group] == NONE ? 0 : groups[group].layout().blockBytes();
            }
            return bytes;
        }
    }

    /**
     * A node is about to be evicted, or to lose the block of a windowed group. Under the budget's lock.
     *
     * @param goes whether the node itself goes, so that nobody holds its blocks and nothing is to be told of a new hold
     */
    void evicting(int node, boolean goes) {
        if (tree.isStored(node) || !tree.isWhole(node) || tree.hasExpiry(node)) {
            return;
        }
        if (collected == null) {
            numDropped.incrementAndGet(); // its room is needed at once
            return;
        }
        Victim victim = new Victim(node);
        for (int group = 0; group < groups.length; group++) {
            if (victim.blockIds[group] != NONE && goes) {
                groups[group].blocks().takeCached(victim.blockIds[group]);
            } else if (victim.blockIds[group] != NONE) {
                groups[group].blocks().retainCached(victim.blockIds[group]);
            }
        }
        tree.setStored(node, true);
        collected.add(victim);
    }

    /** Evicts something that is cached beyond its limit, and queues it. Under the budget's lock. */
    boolean trimOne(BooleanSupplier evictOne) {
        List<Victim> victims = new ArrayList<>();
        collected = victims;
        boolean evicted;
        try {
            evicted = evictOne.getAsBoolean();
        } finally {
            collected = null;
        }
        for (Victim victim : victims) {
            if (!offer(victim)) {
                victim.release();
            }
        }
        return evicted;
    }

    /**
     * Makes room for an allocation by evicting what it would evict, so that this can be copied first; not under the
     * lock.
     */
    void prepareRoom(long bytes, BooleanSupplier evictOne) {
        List<Victim> victims = new ArrayList<>();
        copying.lock();
        try {
            if (missingBytes(bytes) > 0) {
                copyQueued();
                evictFor(bytes, evictOne, victims);
                for (Victim victim : victims) {
                    if (hasRoom(victim.bytes())) {
                        victim.detached();
                        offer(victim);
                    } else {
                        numDropped.incrementAndGet();
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

    private void evictFor(long bytes, BooleanSupplier evictOne, List<Victim> victims) {
        synchronized (budget) {
            long missing = bytes - budget.leftBytes();
            if (missing > budget.evictor().evictableBytes()) {
                return; // the allocation will fail, and must change nothing
            }
            collected = victims;
            try {
                while (missing > 0 && evictOne.getAsBoolean()) {
                    missing = bytes - budget.leftBytes();
                    for (Victim victim : victims) {
                        missing -= victim.bytes();
                    }
                }
            } finally {
                collected = null;
            }
        }
    }

    /** Lets go of the pool's blocks that wait in the queue. */
    private void copyQueued() {
        List<Victim> waiting;
        synchronized (this) {
            waiting = List.copyOf(queue);
        }
        waiting.forEach(Victim::detached);
    }

    private synchronized boolean hasRoom(long bytes) {
        return !closed && queuedBytes + bytes <= binding.maxQueueBytes();
    }

    /** Queues a victim; false, and counted, where there is no room. */
    private synchronized boolean offer(Victim victim) {
        if (closed || queuedBytes + victim.bytes() > binding.maxQueueBytes()) {
            numDropped.incrementAndGet();
            return false;
        }
        queue.add(victim);
        queuedBytes += victim.bytes();
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("pastkv-store-writer").start(this::run);
        }
        notifyAll();
        return true;
    }

    private void run() {
        boolean running = true;
        while (running) {
            running = awaitWork();
            StoredBlock block = null;
            copying.lock();
            try {
                Victim victim = peek();
                if (victim != null) {
                    block = victim.detached();
                }
            } finally {
                copying.unlock();
            }
            if (block != null) {
                count(put(block));
                written();
            }
        }
    }

    /** Waits for a victim; false when the writer is closed and the queue is empty. */
    private synchronized boolean awaitWork() {
        try {
            while (queue.isEmpty() && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            closed = true;
            Thread.currentThread().interrupt();
        }
        return !queue.isEmpty();
    }

    private synchronized @Nullable Victim peek() {
        return queue.peek();
    }

    private synchronized void written() {
        Victim victim = queue.poll();
        queuedBytes -= victim == null ? 0 : victim.bytes();
        notifyAll();
    }

    private PutResult put(StoredBlock block) {
        try {
            return binding.store().put(block);
        } catch (RuntimeException e) { // a store that breaks its contract must not break the cache
            return PutResult.RETRY;
        }
    }

    private void count(PutResult result) {
        (result == PutResult.STORED ? numWritten : numDropped).incrementAndGet();
    }

    /**
     * Waits for what is queued, then writes every whole block of the index that the store does not have yet.
     *
     * @return blocks that the store has taken
     */
    int writeAll() {
        awaitWritten();
        int numTaken = 0;
        for (int node = 0; node < numNodesGiven(); node++) {
            Victim held = holdForWriting(node);
            if (held != null) {
                PutResult result = put(held.inPool());
                count(result);
                numTaken += result == PutResult.STORED ? 1 : 0;
                finishWriting(node, held, result);
            }
        }
        return numTaken;
    }

    private int numNodesGiven() {
        synchronized (budget) {
            return isClosed() ? 0 : tree.numNodesGiven();
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private @Nullable Victim holdForWriting(int node) {
        synchronized (budget) {
            if (isClosed() || !tree.isWhole(node) || tree.isStored(node) || tree.hasExpiry(node)) {
                return null;
            }
            Victim held = new Victim(node);
            for (int group = 0; group < groups.length; group++) {
                if (held.blockIds[group] != NONE) {
                    groups[group].blocks().retainCached(held.blockIds[group]);
                }
            }
            return held;
        }
    }

    private void finishWriting(int node, Victim held, PutResult result) {
        synchronized (budget) {
            if (result == PutResult.STORED && tree.isWhole(node) && tree.key(node).equals(held.key)) {
                tree.setStored(node, true);
            }
        }
        held.release();
    }

    long numWritten() {
        return numWritten.get();
    }

    long numDropped() {
        return numDropped.get();
    }

    private synchronized void awaitWritten() {
        try {
            while (!queue.isEmpty()) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // what is queued is written all the same
        }
    }

    /** Writes what is queued, for ten seconds at most, and drops the rest. */
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
            numDropped.addAndGet(queue.size());
            queue.clear();
            queuedBytes = 0;
        }
    }
}
