package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A weight as its file stores it; several parts that read the same input are packed into one linear layer.
 *
 * @param weight {@code [outputs, inputs]}, any type and strides (a transposed view is fine)
 * @param bias {@code [outputs]}, or null for none
 * @param scales F32 {@code [outputs]}, what the integers of an I8 weight are multiplied by; null for other types
 */
public record LinearPart(Tensor weight, @Nullable Tensor bias, @Nullable Tensor scales) {
    public LinearPart {
        if (weight.rank() != 2) {
            throw new IllegalArgumentException("weight: " + weight + ", must be [outputs, inputs]");
        }
        requireForEachOutput("bias", bias, weight);
        requireForEachOutput("scales", scales, weight);
        if ((weight.dataType() == DataType.I8) == (scales == null)) {
            throw new IllegalArgumentException("scales: " + scales + ", weight is " + weight
                    + "; integers need them, others must not have them");
        }
    }

    /** A weight of floats. */
    public LinearPart(Tensor weight, @Nullable Tensor bias) {
        this(weight, bias, null);
    }

    private static void requireForEachOutput(String name, @Nullable Tensor tensor, Tensor weight) {
        if (tensor != null && (tensor.rank() != 1 || tensor.shape(0) != weight.shape(0))) {
            throw new IllegalArgumentException(name + ": " + tensor + ", weight is " + weight);
        }
    }

    /** Outputs {@code [from, to)}, over the same memory. */
    public LinearPart outputs(long from, long to) {
        return new LinearPart(weight.narrow(0, from, to), bias == null ? null : bias.narrow(0, from, to),
                scales == null ? null : scales.narrow(0, from, to));
    }

    /** A copy of the weights of inputs {@code [from, to)}, {@code [outputs, to - from]} row-major, scales multiplied in. */
    public float[] weights(long from, long to) {
        float[] weights = weight.narrow(1, from, to).toFloatArray();
        for (int i = 0; scales != null && i < weights.length; i++) {
            weights[i] *= scales.get(i / (to - from));
        }
        return weights;
    }

    /** A copy of all weights, {@code [outputs, inputs]} row-major, scales multiplied in. */
    public float[] weights() {
        return weights(0, weight.shape(1));
    }
}
