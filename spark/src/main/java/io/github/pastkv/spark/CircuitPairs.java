package io.github.pastkv.spark;

import io.github.pastkv.lens.circuits.CircuitPairRuns;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of circuit searches whose prompts an executor has read, kept between the jobs of a search: as many as fit into
 * a share of the heap, those that were used last. A pair that is not here is read again, to the same bits. Safe for any
 * number of threads; a pair is with one of them at a time.
 */
final class CircuitPairs implements AutoCloseable {
    private final long maxHeapBytes;
    private final Map<String, CircuitPairRuns> idle = new LinkedHashMap<>(); // least recently used first
    private long heapBytes; // of those that are idle
    private boolean closed;

    CircuitPairs(long maxHeapBytes) {
        this.maxHeapBytes = maxHeapBytes;
    }

    /** The runs of a pair, for the caller alone until it gives them back. */
    CircuitPairRuns take(String key, Supplier<CircuitPairRuns> read) {
        CircuitPairRuns found = takeIdle(key);
        return found == null ? read.get() : found;
    }

    private synchronized @Nullable CircuitPairRuns takeIdle(String key) {
        CircuitPairRuns found = idle.remove(key);
        heapBytes -= found == null ? 0 : found.numHeapBytes();
        return found;
    }

    /**
     * Keeps the runs of a pair for the next caller; closes those that were used least recently where they are too many.
     */
    synchronized void giveBack(String key, CircuitPairRuns runs) {
        if (closed || idle.putIfAbsent(key, runs) != null) { // another attempt of the task has read it too
            runs.close();
            return;
        }
        heapBytes += runs.numHeapBytes();
        for (Iterator<CircuitPairRuns> eldest = idle.values().iterator(); heapBytes > maxHeapBytes;) {
            CircuitPairRuns dropped = eldest.next();
            eldest.remove();
            heapBytes -= dropped.numHeapBytes();
            dropped.close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        idle.values().forEach(CircuitPairRuns::close);
        idle.clear();
    }
}
