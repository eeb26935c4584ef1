package io.github.pastkv.kernels;

import io.github.pastkv.cache.DataType;

/**
 * A linear layer in the form that one {@link Kernels} reads fastest. Made by {@link Kernels#pack}, read-only, safe for
 * any number of threads; its memory belongs to the arena given to {@code pack}.
 */
public interface LinearWeights {
    int numInputs();

    int numOutputs();

    /** The form it was packed in. */
    LinearForm form();

    /** The type in which {@link Kernels#linear} reads its inputs: F32 or BF16. */
    default DataType inputType() {
        return DataType.F32;
    }

    /** Ranges of outputs handed to {@link Kernels#linear} begin at multiples of this. */
    int outputGrain();

    /** Bytes that one pass over the weights reads. */
    long packedBytes();

    /** Numbers of the layer without biases: the multiply-adds that a token takes. */
    default long numWeights() {
        return (long) numInputs() * numOutputs();
    }
}
