package io.github.pastkv.testkit.model;

import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

/**
 * Kernels that count how often each output of each linear layer is computed, whatever the division over threads. A step
 * that reads the weights once computes each output once for all its tokens. Thread-safe.
 */
public final class CountingKernels extends DelegatingKernels {
    /** By packed layer, how often each of its outputs was computed. */
    private final Map<LinearWeights, AtomicIntegerArray> timesComputed =
            Collections.synchronizedMap(new IdentityHashMap<>());

    /** Counters at zero around kernels that do the work. */
    public CountingKernels(Kernels delegate) {
        super(delegate);
    }

    @Override
    public LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        LinearWeights weights = super.pack(parts, precision, arena);
        timesComputed.put(weights, new AtomicIntegerArray(weights.numOutputs()));
        return weights;
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        super.linear(x, weights, y, numTokens, fromOutput, toOutput);
        AtomicIntegerArray times = timesComputed.get(weights);
        if (times == null) {
            throw new IllegalStateException("weights that were not packed here");
        }
        for (int output = fromOutput; output < toOutput; output++) {
            times.incrementAndGet(output);
        }
    }

    /** For each packed layer, how often each output was computed since the last call. */
    public List<int[]> takeCounts() {
        synchronized (timesComputed) {
            return timesComputed.values().stream()
                    .map(times -> IntStream.range(0, times.length()).map(i -> times.getAndSet(i, 0)).toArray())
                    .toList();
        }
    }
}
