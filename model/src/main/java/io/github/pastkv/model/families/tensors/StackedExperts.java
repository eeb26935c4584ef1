package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.families.tensors.ExpertNames.Storage;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads experts that are stored as one tensor for each projection. Views, nothing but biases is copied. */
final class StackedExperts {
    private final ExpertsConfig experts;
    private final ExpertNames names;
    private final TensorReader reader;
    private final int hiddenSize;

    StackedExperts(ExpertsConfig experts, ExpertNames names, TensorReader reader, int hiddenSize) {
        this.experts = experts;
        this.names = names;
        this.reader = reader;
        this.hiddenSize = hiddenSize;
    }

    List<FfnTensors.Dense> read(String block) throws ModelFormatException {
        int numUps = 2 * experts.expertSize();
        List<WeightMatrix> ups = matrices(block + names.up(), numUps, hiddenSize);
        List<WeightMatrix> downs = matrices(block + names.down(), hiddenSize, experts.expertSize());
        Tensor upBiases = biases(block + names.up(), numUps);
        Tensor downBiases = biases(block + names.down(), hiddenSize);
        List<FfnTensors.Dense> all = new ArrayList<>();
        for (int expert = 0; expert < experts.numExperts(); expert++) {
            WeightMatrix up = ups.get(expert).withBias(bias(upBiases, expert));
            all.add(new FfnTensors.Dense(
                    isInterleaved() ? List.of(everySecond(up, 0), everySecond(up, 1)) : List.of(up),
                    List.of(downs.get(expert).withBias(bias(downBiases, expert))), null));
        }
        return all;
    }

    private boolean isInterleaved() {
        return names.storage() == Storage.STACKED_INTERLEAVED;
    }

    /** The weight {@code [outputs, inputs]} of each expert. */
    private List<WeightMatrix> matrices(String name, int outputs, int inputs) throws ModelFormatException {
        if (reader.has(name + Mxfp4Experts.BLOCKS_SUFFIX)) {
            return Mxfp4Experts.read(reader, name, experts.numExperts(), outputs, inputs);
        }
        boolean isTransposed = names.storage() != Storage.STACKED;
        Tensor all = isTransposed ? reader.tensor(name, experts.numExperts(), inputs, outputs).transpose(1, 2)
                : reader.tensor(name, experts.numExperts(), outputs, inputs);
        List<WeightMatrix> matrices = new ArrayList<>();
        for (int expert = 0; expert < experts.numExperts(); expert++) {
            matrices.add(WeightMatrix.of(all.select(0, expert), null, null));
        }
        return matrices;
    }

    /** {@code [X, outputs]}. */
    private @Nullable Tensor biases(String name, int outputs) throws ModelFormatException {
        return experts.bias() ? reader.tensor(name + "_bias", experts.numExperts(), outputs) : null;
    }

    private static @Nullable Tensor bias(@Nullable Tensor all, int expert) {
        return all == null ? null : all.select(0, expert);
    }

    /** Outputs {@code first}, first + 2 and so on. */
    private static WeightMatrix everySecond(WeightMatrix all, int first) {
        long half = all.numOutputs() / 2;
        Tensor bias = all.bias() == null ? null : all.bias().unflatten(0, half, 2).select(1, first).copy();
        return switch (all) {
            case WeightMatrix.Plain plain ->
                    new WeightMatrix.Plain(plain.weight().unflatten(0, half, 2).select(1, first), bias);
            case WeightMatrix.Grouped grouped ->
                    new WeightMatrix.Grouped(grouped.format(), half, grouped.numInputs(),
                            (output, row) -> grouped.rows().read(2 * output + first, row), bias);
            case WeightMatrix.RowScaled _ -> throw new IllegalStateException("stacked experts are not converted");
        };
    }
}
