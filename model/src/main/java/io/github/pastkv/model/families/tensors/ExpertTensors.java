package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the experts of one layer by the names of its family. */
final class ExpertTensors {
    private final ExpertsConfig experts;
    private final DecoderNames decoder;
    private final ExpertNames names;
    private final TensorReader reader;
    private final int hiddenSize;

    ExpertTensors(ModelConfig config, ExpertsConfig experts, DecoderNames decoder, TensorReader reader) {
        this.experts = experts;
        this.decoder = decoder;
        this.names = decoder.experts;
        this.reader = reader;
        this.hiddenSize = config.hiddenSize();
    }

    /** The experts of the layer whose tensors begin with {@code layer}. */
    FfnTensors.Experts read(String layer) throws ModelFormatException {
        String block = layer + names.block();
        return new FfnTensors.Experts(router(block + names.router()), correction(block), all(block), shared(block),
                experts.shared().gated() ? List.of(reader.linear(block + names.sharedGate(), 1, hiddenSize, false))
                        : List.of());
    }

    /** Never quantized, as small differences of logits choose other experts. */
    private WeightMatrix router(String name) throws ModelFormatException {
        Tensor weight = reader.tensor(name + ".weight", experts.numExperts(), hiddenSize);
        Tensor bias = experts.router().bias() ? reader.tensor(name + ".bias", experts.numExperts()) : null;
        return WeightMatrix.of(weight, bias, null);
    }

    /** Stored as {@code [X]} or {@code [1, X]}. */
    private @Nullable Tensor correction(String block) throws ModelFormatException {
        if (!experts.router().choice().corrected()) {
            return null;
        }
        return reader.row(block + names.correction(), experts.numExperts());
    }

    /** Families that stack experts read them apart too, by the usual names, as GGUF files have them. */
    private List<FfnTensors.Dense> all(String block) throws ModelFormatException {
        boolean isStacking = names.storage() != ExpertNames.Storage.APART;
        ExpertNames apart = isStacking ? ExpertNames.DEFAULT : names;
        if (isStacking && !reader.has(block + "experts.0." + apart.gate() + ".weight")) {
            return new StackedExperts(experts, names, reader, hiddenSize).read(block);
        }
        List<FfnTensors.Dense> all = new ArrayList<>();
        for (int expert = 0; expert < experts.numBlocks(); expert++) {
            String name = block + "experts." + expert + ".";
            boolean biased = experts.bias() && reader.has(name + apart.down() + ".bias"); // ERNIE may have none
            all.add(dense(name, apart.gate(), apart.up(), apart.down(), experts.expertSize(), biased));
        }
        return all;
    }

    private FfnTensors.@Nullable Dense shared(String block) throws ModelFormatException {
        ExpertsConfig.SharedExpert shared = experts.shared();
        return shared.size() == 0 ? null
                : dense(block + names.shared(), decoder.gate, decoder.up, decoder.down, shared.size(), shared.bias());
    }

    private FfnTensors.Dense dense(String name, String gate, String up, String down, int size, boolean biased)
            throws ModelFormatException {
        return new FfnTensors.Dense(
                List.of(reader.linear(name + gate, size, hiddenSize, biased),
                        reader.linear(name + up, size, hiddenSize, biased)),
                List.of(reader.linear(name + down, hiddenSize, size, biased)), null);
    }
}
