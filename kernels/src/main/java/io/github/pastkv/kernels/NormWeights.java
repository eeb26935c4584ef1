package io.github.pastkv.kernels;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A normalization over the hidden axis.
 *
 * @param kind which formula
 * @param weight F32 {@code [E]}
 * @param bias F32 {@code [E]}, null for none
 * @param epsilon added to the mean square or variance
 */
public record NormWeights(Kind kind, Tensor weight, @Nullable Tensor bias, float epsilon) {
    /** The formula of a norm. */
    public enum Kind {
        /** (x - mean) / sqrt(variance + epsilon). */
        LAYER,
        /** x / sqrt(mean of squares + epsilon). */
        RMS
    }

    public NormWeights {
        requireF32Row("weight", weight);
        if (bias != null) {
            requireF32Row("bias", bias);
        }
    }

    private static void requireF32Row(String name, Tensor tensor) {
        if (tensor.dataType() != DataType.F32 || tensor.rank() != 1 || !tensor.isContiguous()) {
            throw new IllegalArgumentException(name + ": " + tensor.typeAndShape() + ", must be a contiguous F32 row");
        }
    }

    /** Length of the normalized axis, E. */
    public int hiddenSize() {
        return Math.toIntExact(weight.shape(0));
    }
}
