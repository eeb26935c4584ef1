package io.github.pastkv.cli.bench;

import io.github.pastkv.kernels.ComputePool;
import io.github.pastkv.kernels.SpeedProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What this machine can do at most with a number of threads, measured in this process: f32 multiply-adds in registers,
 * and reading memory from front to back. Medians of some short runs, so that they and what they are compared with
 * suffer alike from other work on the machine. Owns threads and a buffer until {@link #close}.
 */
final class MachineLimits implements AutoCloseable {
    /** Beyond it a buffer is read no slower, as it is far larger than all caches. */
    private static final long MAX_BUFFER_BYTES = 1L << 30;

    private static final int MIN_SLICE_BYTES = 4096;
    private static final int ITEMS_PER_THREAD = 4;
    private static final int RUNS = 5;
    private static final long RUN_NANOS = 50_000_000;
    private static final int ROUNDS = 100_000;

    private final SpeedProbe probe = SpeedProbe.fastest();
    private final ComputePool pool;
    private final int numItems;
    private Arena arena = Arena.ofShared();
    private MemorySegment buffer = MemorySegment.NULL;
    @SuppressWarnings("UnusedVariable") // written so that no work is left out
    private volatile long sink;

    MachineLimits(int numThreads) {
        pool = new ComputePool(numThreads);
        numItems = numThreads * ITEMS_PER_THREAD;
    }

    /** Multiply-adds a second of all threads together. */
    double multiplyAddsPerSecond() {
        double perPass = (double) numItems * ROUNDS * probe.multiplyAddsPerRound();
        return medianPerSecond(perPass, (item, worker) -> sink = (long) probe.multiplyAdd(ROUNDS));
    }

    /** Bytes a second that all threads together read of {@code numBytes} that are read again and again. */
    double readBytesPerSecond(long numBytes) {
        long sliceBytes = Math.ceilDiv(Math.min(numBytes, MAX_BUFFER_BYTES), (long) numItems);
        long wholeSliceBytes = Math.ceilDiv(sliceBytes, MIN_SLICE_BYTES) * MIN_SLICE_BYTES;
        requireBuffer(wholeSliceBytes * numItems);
        return medianPerSecond((double) wholeSliceBytes * numItems, (item, worker) -> sink =
                probe.read(buffer, item * wholeSliceBytes, (item + 1) * wholeSliceBytes));
    }

    private void requireBuffer(long numBytes) {
        if (buffer.byteSize() < numBytes) {
            arena.close();
            arena = Arena.ofShared();
            buffer = arena.allocate(numBytes, 64).fill((byte) 1);
        }
    }

    private double medianPerSecond(double workPerPass, ComputePool.Task pass) {
        double[] rates = new double[RUNS];
        rate(workPerPass, pass); // once to have it compiled
        for (int run = 0; run < RUNS; run++) {
            rates[run] = rate(workPerPass, pass);
        }
        Arrays.sort(rates);
        return rates[RUNS / 2];
    }

    private double rate(double workPerPass, ComputePool.Task pass) {
        long start = System.nanoTime();
        long nanos = 0;
        int passes = 0;
        while (nanos < RUN_NANOS) {
            pool.run(numItems, pass);
            passes++;
            nanos = System.nanoTime() - start;
        }
        return passes * workPerPass * 1e9 / nanos;
    }

    @Override
    public void close() {
        pool.close();
        arena.close();
    }
}
