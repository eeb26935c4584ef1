package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.tensor.DataType;

/**
 * A packed linear layer, in the memory layout that one {@link Kernels} implementation reads fastest. Created by
 * {@link Kernels#pack}; read-only and safe for any number of threads. Its memory belongs to the arena given to
 * {@code pack}.
 */
public interface LinearWeights {
    int numInputs();

    int numOutputs();

    /** The precision it was packed for. */
    LinearPrecision precision();

    /** The type in which {@link Kernels#linear} reads its inputs: F32 or BF16. */
    default DataType inputType() {
        return DataType.F32;
    }

    /** Ranges of outputs passed to {@link Kernels#linear} must begin at multiples of this. */
    int outputGrain();

    /** Bytes that one pass over the weights reads. */
    long packedBytes();

    /** Number of weights without biases, which is the number of multiply-adds per token. */
    default long numWeights() {
        return (long) numInputs() * numOutputs();
    }
}
