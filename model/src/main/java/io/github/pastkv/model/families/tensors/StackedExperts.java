package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Reads experts that are stored as one tensor for each projection. Views, nothing is copied. */
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
        int numExperts = experts.numExperts();
        List<WeightMatrix> ups = matrices(block + names.up(), 2 * experts.expertSize(), hiddenSize);
        List<WeightMatrix> downs = matrices(block + names.down(), hiddenSize, experts.expertSize());
        List<FfnTensors.Dense> all = new ArrayList<>();
        for (int expert = 0; expert < numExperts; expert++) {
            all.add(new FfnTensors.Dense(List.of(ups.get(expert)), List.of(downs.get(expert)), null));
        }
        return all;
    }

    /** The weight {@code [outputs, inputs]} of each expert. */
    private List<WeightMatrix> matrices(String name, int outputs, int inputs) throws ModelFormatException {
        boolean isTransposed = names.storage() != ExpertNames.Storage.STACKED;
        int rows = isTransposed ? inputs : outputs;
        int columns = isTransposed ? outputs : inputs;
        Tensor all = reader.tensor(name, experts.numExperts(), rows, columns);
        List<WeightMatrix> matrices = new ArrayList<>();
        for (int expert = 0; expert < experts.numExperts(); expert++) {
            Tensor own = all.narrow(0, expert, expert + 1L).reshape(rows, columns);
            matrices.add(WeightMatrix.of(isTransposed ? own.transpose(0, 1) : own, null, null));
        }
        return matrices;
    }
}
