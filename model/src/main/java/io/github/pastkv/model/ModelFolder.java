package io.github.pastkv.model;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearPrecision;
import io.github.pastkv.kernels.WeightMatrices;
import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.families.Families;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.HuggingFaceFolder;
import io.github.pastkv.model.files.Int8Config;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import io.github.pastkv.model.gguf.GgufModel;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * A Hugging Face model folder, opened and checked: configuration, weights, generation defaults, and a tokenizer if
 * there is one. Weights are views of memory-mapped files that this object owns; using one after {@link #close} is an
 * {@link IllegalStateException}.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class ModelFolder implements AutoCloseable {
    private final ModelSource source;
    private final ModelConfig config;
    private final GenerationConfig generationConfig;
    private final ModelTensors tensors;

    private ModelFolder(ModelSource source, ModelConfig config, GenerationConfig generationConfig,
            ModelTensors tensors) {
        this.source = source;
        this.config = config;
        this.generationConfig = generationConfig;
        this.tensors = tensors;
    }

    /**
     * Opens a folder with {@code config.json} and {@code model.safetensors} (or shards and their index).
     *
     * @throws ModelFormatException if a file is missing, damaged, contradictory or of an unknown kind
     */
    public static ModelFolder open(Path folder) throws IOException {
        return open(folder, Set.of());
    }

    /**
     * {@link #open(Path)} with unknown keys of {@code config.json} that are let pass, though they may change the
     * result.
     */
    public static ModelFolder open(Path folder, Set<String> allowedConfigKeys) throws IOException {
        return of(GgufModel.isGguf(folder)
                ? GgufModel.open(folder, allowedConfigKeys)
                : HuggingFaceFolder.open(folder), allowedConfigKeys);
    }

    /** A model from an opened source, which is closed with it, and also if the model is refused. */
    public static ModelFolder of(ModelSource source, Set<String> allowedConfigKeys) throws IOException {
        try {
            JsonObject json = source.config().allowing(allowedConfigKeys);
            if (source.weights().quantizedFrom().isPresent()) {
                Int8Config.find(json); // read before, but its key has to count as known
            }
            Family family = Families.of(json);
            ModelConfig config = family.readConfig(json);
            Optional<JsonObject> generation = source.generationConfig();
            GenerationConfig generationConfig = generation.isPresent()
                    ? GenerationConfig.read(generation.get(), config)
                    : GenerationConfig.of(config);
            ModelTensors tensors = family.readTensors(config, source.weights());
            return new ModelFolder(source, config.withTiedHead(tensors.isTied()), generationConfig, tensors);
        } catch (IOException | RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    /** Where it was read from; closed with this object. */
    public ModelSource source() {
        return source;
    }

    /** The folder that was opened. */
    public Path folder() {
        return source.location();
    }

    public ModelConfig config() {
        return config;
    }

    public GenerationConfig generationConfig() {
        return generationConfig;
    }

    /** The weights, under names of ours; views that end with this object. */
    public ModelTensors tensors() {
        return tensors;
    }

    /** The precision of the linear layers that {@code options} ask for; stored int8 weights stay int8. */
    public LinearPrecision linearPrecision(ModelOptions options, Kernels kernels) {
        Optional<DataType> quantizedFrom = source.weights().quantizedFrom();
        DataType stored = quantizedFrom.orElse(WeightMatrices.floatType(tensors.head().getFirst()));
        return new LinearPrecision(options.compute().resolve(stored, kernels),
                quantizedFrom.isPresent() ? WeightType.INT8 : options.weights());
    }

    /** INT8 where its linear weights are integers with scales, as {@link ModelConversion} writes them. */
    public WeightType storedLinears() {
        return source.weights().quantizedFrom().isPresent() ? WeightType.INT8 : WeightType.STORED;
    }

    /** Whether a tokenizer comes with it. */
    public boolean hasTokenizer() {
        return source.has(ModelFile.TOKENIZER);
    }

    /**
     * Gives back the memory in which the system holds a weight that has been packed, so that none is held twice. It
     * stays readable: what is read again, as rows of a tied embedding are, comes from the file once more.
     */
    static void letGo(WeightMatrix weights) {
        if (weights instanceof WeightMatrix.Grouped) {
            return; // has no tensor
        }
        Tensor weight = WeightMatrices.tensor(weights);
        if (weight.segment().isMapped()) {
            weight.segment().unload();
        }
    }

    /** Unmaps the weights. Closing twice is allowed. */
    @Override
    public void close() {
        source.close();
    }
}
