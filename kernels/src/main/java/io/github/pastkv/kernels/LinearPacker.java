package io.github.pastkv.kernels;

import java.lang.foreign.Arena;
import java.util.List;

/** Packs linear layers, all of one form. */
@FunctionalInterface
public interface LinearPacker {
    /**
     * Packs the parts, one below the other, into one linear layer.
     *
     * @param parts weights {@code [outputs, inputs]} with equal inputs
     * @param arena owner of the packed memory
     */
    LinearWeights pack(List<WeightMatrix> parts, Arena arena);
}
