package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * A linear layer whose outputs are stored in different ways, such as queries of 4 bits beside values of 6: several
 * packed layers that read the same input, one below the other. {@link Compute#linear} runs them in turn; kernels see
 * only the single ones.
 *
 * @param parts at least two, of equal precision
 */
public record StackedLinearWeights(List<LinearWeights> parts) implements LinearWeights {
    public StackedLinearWeights {
        parts = List.copyOf(parts);
    }

    /** Packs parts that may be stored differently: neighbors that are stored alike become one layer. */
    public static LinearWeights pack(Kernels kernels, List<WeightMatrix> parts, LinearPrecision precision,
            Arena arena) {
        List<LinearWeights> packed = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= parts.size(); i++) {
            if (i == parts.size() || !WeightMatrices.areStoredAlike(parts.get(from), parts.get(i))) {
                packed.add(kernels.pack(parts.subList(from, i), precision, arena));
                from = i;
            }
        }
        return packed.size() == 1 ? packed.getFirst() : new StackedLinearWeights(packed);
    }

    @Override
    public int numInputs() {
        return parts.getFirst().numInputs();
    }

    @Override
    public int numOutputs() {
        return parts.stream().mapToInt(LinearWeights::numOutputs).sum();
    }

    @Override
    public LinearPrecision precision() {
        return parts.getFirst().precision();
    }

    /** Never handed to {@link Kernels#linear} itself. */
    @Override
    public int outputGrain() {
        return numOutputs();
    }

    @Override
    public long packedBytes() {
        return parts.stream().mapToLong(LinearWeights::packedBytes).sum();
    }
}
