package io.github.pastkv.kernels;

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
}
