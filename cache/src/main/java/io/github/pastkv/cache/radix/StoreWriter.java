package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.block.PoolBudget;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreWrites;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes blocks to the store beneath an index from a thread of its own, behind bounded queues. A chunk is some
 * consecutive blocks from a multiple of {@link StoreBinding#chunkBlocks()} on. Complete chunks and ends of texts wait
 * as node numbers, which takes no memory of the pool; what {@link EvictionSpill} hands over waits as held blocks, then
 * as copies. What finds no room in a queue is dropped and counted: no token waits for the store.
 *
 * <p>Locks are taken in the order {@code copying}, budget, this. The thread starts with the first chunk.
 */
final class StoreWriter implements AutoCloseable {
    private static final long CLOSE_MILLIS = 10_000;
    private static final int MAX_NODES = 1 << 16;

    private final StoreBinding binding;
    private final LayerGroup[] groups;
    private final PoolBudget budget;
    private final PrefixTree tree;
    private final boolean hasWindows;
    private final ReentrantLock copying = new ReentrantLock();
    private final Deque<HeldChunk> queue = new ArrayDeque<>();
    private final Deque<Integer> lastNodes = new ArrayDeque<>(); // of chunks whose blocks are not held
    private final AtomicLong numWritten = new AtomicLong();
    private final AtomicLong numDropped = new AtomicLong();
    private long queuedBytes;
    private @Nullable Thread thread;
    private boolean closed;
    private boolean isShut; // under the budget's lock: the tree is about to be closed

    StoreWriter(StoreBinding binding, LayerGroup[] groups, PrefixTree tree) {
        this.binding = binding;
        this.groups = groups;
        this.budget = groups[0].blocks().budget();
        this.tree = tree;
        this.hasWindows = Arrays.stream(groups).anyMatch(group -> group.window().isBounded());
    }

    /** The chunk that ends with a node. Under the budget's lock. */
    HeldChunk chunkEndingAt(int node) {
        return new HeldChunk(node, tree, groups, binding);
    }

    /** A node has become whole, or was found again: its chunk may be complete. Under the budget's lock. */
    void ready(int node, int logicalBlock, StoreWrites when) {
        if ((logicalBlock + 1) % binding.chunkBlocks() == 0) {
            write(node, when);
        }
    }

    /** A text ends with this whole block for now, or one that ends there was found. Under the budget's lock. */
    void ended(int node, StoreWrites when) {
        if (tree.isWhole(node) && !tree.hasExpiry(node)) {
            write(node, when);
        }
    }

    private void write(int node, StoreWrites when) {
        if (when != binding.writes() || tree.isStored(node)) {
            return;
        }
        if (hasWindows) { // their blocks may be evicted before the writing thread comes to them
            HeldChunk chunk = chunkEndingAt(node);
            chunk.hold(false);
            chunk.setStored(true);
            offerOrRelease(chunk);
            return;
        }
        synchronized (this) {
            if (closed || lastNodes.size() == MAX_NODES) {
                numDropped.incrementAndGet();
                return;
            }
            lastNodes.add(node);
            start();
        }
    }

    /** Queues a held chunk, or releases and counts it. Under the budget's lock. */
    void offerOrRelease(HeldChunk chunk) {
        if (!offer(chunk)) {
            chunk.setStored(false);
            chunk.release();
        }
    }

    /** Copies a held chunk and queues it, or releases and counts it; inside {@link #whileNotCopying}. */
    void copyAndOffer(HeldChunk chunk) {
        if (hasRoom(chunk.bytes())) {
            chunk.detached();
            offer(chunk);
        } else {
            dropped(1);
            setStored(chunk, false);
            chunk.release();
        }
    }

    /** Runs something while this writer holds no blocks but those in its queue. */
    void whileNotCopying(Runnable action) {
        copying.lock();
        try {
            action.run();
        } finally {
            copying.unlock();
        }
    }

    /** Releases the pool blocks that wait in the queue; inside {@link #whileNotCopying}. */
    void copyQueued() {
        List<HeldChunk> waiting;
        synchronized (this) {
            waiting = List.copyOf(queue);
        }
        waiting.forEach(HeldChunk::detached);
    }

    /** Counts chunks that are not written. */
    void dropped(int numChunks) {
        numDropped.addAndGet(numChunks);
    }

    private synchronized boolean hasRoom(long bytes) {
        return !closed && queuedBytes + bytes <= binding.maxQueueBytes();
    }

    /** Queues a chunk; if there is no room, counts it as dropped and returns false. */
    private synchronized boolean offer(HeldChunk chunk) {
        if (!hasRoom(chunk.bytes())) {
            dropped(1);
            return false;
        }
        queue.add(chunk);
        queuedBytes += chunk.bytes();
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
            HeldChunk first = copyFirst();
            if (first != null) {
                put(first);
                written();
            } else {
                writeFirstNode();
            }
        }
    }

    /** The first of the queue, copied; null where it is empty. */
    private @Nullable HeldChunk copyFirst() {
        copying.lock();
        try {
            HeldChunk first = peek();
            if (first != null) {
                first.detached();
            }
            return first;
        } finally {
            copying.unlock();
        }
    }

    private void writeFirstNode() {
        Integer node;
        synchronized (this) {
            node = lastNodes.peek();
        }
        if (node != null) {
            writeEndingAt(node);
            synchronized (this) {
                lastNodes.poll();
                notifyAll();
            }
        }
    }

    /** Waits for something to write; false when the writer is closed and nothing is left. */
    private synchronized boolean awaitWork() {
        try {
            while (queue.isEmpty() && lastNodes.isEmpty() && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            closed = true;
            Thread.currentThread().interrupt();
        }
        return !queue.isEmpty() || !lastNodes.isEmpty();
    }

    private synchronized @Nullable HeldChunk peek() {
        return queue.peek();
    }

    private synchronized void written() {
        HeldChunk chunk = queue.poll();
        queuedBytes -= chunk == null ? 0 : chunk.bytes();
        notifyAll();
    }

    /** Puts a chunk that has been copied, and counts; whether the store has taken it. */
    private boolean put(HeldChunk chunk) {
        PutResult result;
        try {
            result = binding.store().put(chunk.detached());
            if (result == PutResult.STORED) {
                chunk.superseded().forEach(binding.store()::forget);
            }
        } catch (RuntimeException e) { // a store that breaks its contract must not break the cache
            result = PutResult.RETRY;
        }
        boolean isStored = result == PutResult.STORED;
        (isStored ? numWritten : numDropped).addAndGet(chunk.numBlocks());
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
     * Waits for what is queued, then writes every whole block of the index that the store does not have yet.
     *
     * @return blocks that the store has taken
     */
    int writeAll() {
        awaitWritten();
        int numTaken = 0;
        for (int node : unstored()) {
            numTaken += writeEndingAt(node);
        }
        return numTaken;
    }

    /** Whole blocks that are not stored, the deepest first: one chunk then holds all those before its last block. */
    private int[] unstored() {
        synchronized (budget) {
            int numNodes = isShut ? 0 : tree.numNodesGiven();
            return IntStream.range(0, numNodes).filter(node -> tree.isWhole(node) && !tree.isStored(node)).boxed()
                    .sorted(Comparator.<Integer> comparingInt(tree::numBlocksBefore).reversed())
                    .mapToInt(node -> node).toArray();
        }
    }

    /** Writes the chunk that ends with a node, in this thread; returns the blocks that the store has taken. */
    private int writeEndingAt(int node) {
        HeldChunk held;
        copying.lock(); // so that these holds do not meet a caller who needs room
        try {
            held = holdEndingAt(node);
            if (held != null) {
                held.detached();
            }
        } finally {
            copying.unlock();
        }
        return held != null && put(held) ? held.numBlocks() : 0;
    }

    private @Nullable HeldChunk holdEndingAt(int node) {
        synchronized (budget) {
            if (isShut || node >= tree.numNodesGiven() || !tree.isWhole(node) || tree.isStored(node)) {
                return null;
            }
            HeldChunk held = chunkEndingAt(node);
            if (held.hasExpiry()) {
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
            while (!queue.isEmpty() || !lastNodes.isEmpty()) {
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
        whileNotCopying(this::copyQueued);
        synchronized (this) {
            dropped(queue.size() + lastNodes.size());
            queue.clear();
            lastNodes.clear();
            queuedBytes = 0;
        }
        synchronized (budget) {
            isShut = true;
        }
    }
}
