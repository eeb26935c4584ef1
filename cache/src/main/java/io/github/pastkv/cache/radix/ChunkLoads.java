package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.store.ChunkKey;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Gets the chunks of one text, a few at a time on other threads, in their order. A chunk that is not there in time ends
 * the loading: computing begins after what has come. Memory is freed when the last thread has ended. For one thread.
 */
final class ChunkLoads implements AutoCloseable {
    /** Chunks that are read and verified at the same time. */
    private static final int MAX_AHEAD = 4;

    private final ChunkReader chunks;
    private final StoreLookup lookup;
    private final ExecutorService threads;
    private final Arena arena = Arena.ofShared();
    private final Deque<ReusedMemory> free = new ArrayDeque<>(); // under this
    private final Deque<Load> pending = new ArrayDeque<>(); // of the caller
    private int numRunning; // under this
    private boolean closed; // under this

    private record Load(ReusedMemory memory, Future<ChunkReader.@Nullable Match> future) {}

    ChunkLoads(ChunkReader chunks, StoreLookup lookup, ExecutorService threads) {
        this.chunks = chunks;
        this.lookup = lookup;
        this.threads = threads;
    }

    boolean hasRoom() {
        return pending.size() < MAX_AHEAD;
    }

    /** Begins to get the chunk at block {@code from}. */
    void begin(ChunkKey key, int from) {
        ReusedMemory memory;
        synchronized (this) {
            numRunning++;
            memory = free.isEmpty() ? new ReusedMemory(arena) : free.pop();
        }
        Callable<ChunkReader.@Nullable Match> load = () -> {
            try {
                return chunks.get(lookup, key, from, memory);
            } finally {
                ended();
            }
        };
        Future<ChunkReader.@Nullable Match> future;
        try {
            future = threads.submit(load);
        } catch (RejectedExecutionException e) { // the pool is being closed: a miss
            ended();
            future = CompletableFuture.completedFuture(null);
        }
        pending.add(new Load(memory, future));
    }

    /** The chunk that was begun first, valid until {@link #used}; null for a miss, or when it is not there in time. */
    ChunkReader.@Nullable Match await(int numTokens) {
        Load first = pending.getFirst();
        try {
            return first.future().get(chunks.maxWaitNanos(numTokens), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a chunk could not be compared", e.getCause());
        }
    }

    /** The first chunk has been read: its memory is for the next one. */
    void used() {
        Load first = pending.removeFirst();
        synchronized (this) {
            free.push(first.memory());
        }
    }

    private synchronized void ended() {
        numRunning--;
        if (closed && numRunning == 0) {
            arena.close();
        }
    }

    /** Waits for nothing: what still runs ends by itself. */
    @Override
    public synchronized void close() {
        closed = true;
        if (numRunning == 0) {
            arena.close();
        }
    }

    /** Memory for one chunk after the other. */
    private static final class ReusedMemory implements SegmentAllocator {
        private static final long ALIGNMENT = 64;
        private final Arena arena;
        private MemorySegment last = MemorySegment.NULL;

        ReusedMemory(Arena arena) {
            this.arena = arena;
        }

        @Override
        public MemorySegment allocate(long byteSize, long byteAlignment) {
            if (last.byteSize() < byteSize) {
                last = arena.allocate(byteSize, Math.max(ALIGNMENT, byteAlignment));
            }
            return last.asSlice(0, byteSize);
        }
    }
}
