package io.github.pastkv.model;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearPacker;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.StackedLinearWeights;
import io.github.pastkv.kernels.weights.GroupQuantizer;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Packs a model's linear layers for its kernels, and releases the page-cache memory of what has been packed.
 *
 * @param precision of all layers but those that are packed exactly
 */
record WeightPacker(Kernels kernels, LinearPrecision precision) implements LinearPacker {
    @Override
    public LinearWeights pack(List<WeightMatrix> parts, Arena arena) {
        if (!precision.weights().isGrouped()) {
            return pack(parts, precision, arena);
        }
        LinearWeights packed = StackedLinearWeights.pack(kernels,
                parts.stream().map(part -> GroupQuantizer.quantize(part, precision.weights())).toList(),
                new LinearPrecision(precision.compute(), WeightType.STORED), arena);
        parts.forEach(ModelFolder::letGo);
        return packed;
    }

    @Override
    public LinearWeights packExactly(List<WeightMatrix> parts, Arena arena) {
        return pack(parts, LinearPrecision.PLAIN, arena);
    }

    private LinearWeights pack(List<WeightMatrix> parts, LinearPrecision asPrecision, Arena arena) {
        LinearWeights packed = StackedLinearWeights.pack(kernels, parts, asPrecision, arena);
        parts.forEach(ModelFolder::letGo);
        return packed;
    }
}
