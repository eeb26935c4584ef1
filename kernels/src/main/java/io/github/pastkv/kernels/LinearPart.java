package io.github.pastkv.kernels;

import io.github.pastkv.cache.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A weight as its file stores it; several parts that read the same input are packed into one linear layer.
 *
 * @param weight {@code [outputs, inputs]}, any type and strides (a transposed view is fine)
 * @param bias {@code [outputs]}, or null for none
 */
public record LinearPart(Tensor weight, @Nullable Tensor bias) {
    public LinearPart {
        if (weight.rank() != 2) {
            throw new IllegalArgumentException("weight: " + weight + ", must be [outputs, inputs]");
        }
        if (bias != null && (bias.rank() != 1 || bias.shape(0) != weight.shape(0))) {
            throw new IllegalArgumentException("bias: " + bias + ", weight is " + weight);
        }
    }
}
