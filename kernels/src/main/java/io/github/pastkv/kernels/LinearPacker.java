package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.List;

/** Packs linear layers for kernels. */
@FunctionalInterface
public interface LinearPacker {
    /**
     * Packs the parts, concatenated by outputs, into one linear layer.
     *
     * @param parts weights {@code [outputs, inputs]} with equal inputs
     * @param arena owner of the packed memory
     */
    LinearWeights pack(List<WeightMatrix> parts, Arena arena);

    /**
     * Packs a layer whose results decide what is computed, such as the router of experts: with F32 inputs and weights
     * as stored, whatever the precision of the others.
     */
    default LinearWeights packExactly(List<WeightMatrix> parts, Arena arena) {
        return pack(parts, arena);
    }
}
