package io.github.pastkv.model;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.families.Families;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.HuggingFaceFolder;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import io.github.pastkv.model.files.QuantizedConfig;
import io.github.pastkv.model.gguf.GgufModel;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
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

    /** {@link #open(Path)} ignoring some unknown keys of {@code config.json}, although they may change results. */
    public static ModelFolder open(Path folder, Set<String> allowedConfigKeys) throws IOException {
        return open(folder, allowedConfigKeys, Map.of());
    }

    /**
     * {@link #open(Path, Set)} with rules that stand for those of tokenizers in GGUF files that are not known.
     */
    public static ModelFolder open(Path folder, Set<String> allowedConfigKeys, Map<String, String> allowedTokenizers)
            throws IOException {
        return of(GgufModel.isGguf(folder)
                ? GgufModel.open(folder, allowedConfigKeys, allowedTokenizers)
                : HuggingFaceFolder.open(folder), allowedConfigKeys);
    }

    /** A model from an open source, which is closed with it, or if the model is rejected. */
    public static ModelFolder of(ModelSource source, Set<String> allowedConfigKeys) throws IOException {
        try {
            JsonObject json = source.config().allowing(allowedConfigKeys);
            if (source.weights().quantization().isPresent()) {
                QuantizedConfig.find(json); // already read, but its key has to count as known
            }
            Family family = Families.of(json);
            ModelConfig config = family.readConfig(json);
            Optional<JsonObject> generation = source.generationConfig();
            GenerationConfig generationConfig = generation.isPresent()
                    ? GenerationConfig.read(generation.get(), config)
                    : GenerationConfig.ofConfigFile(json, config);
            ModelTensors tensors = family.readTensors(config, source.weights());
            return new ModelFolder(source, config.withTiedHead(tensors.isTied()), generationConfig, tensors);
        } catch (IOException | RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    /** The source of the model; closed with this object. */
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

    /** The weights, in PastKV's structure; views that are valid until this object is closed. */
    public ModelTensors tensors() {
        return tensors;
    }

    /** Parameters without those of the experts that a token does not take. */
    public long numActiveParameters() {
        ExpertsConfig experts = config.experts();
        return experts == null ? tensors.numParameters() : tensors.numActiveParameters(experts.numChosen());
    }

    /** The precision of the linear layers according to {@code options}; weights that are quantized stay so. */
    public LinearPrecision linearPrecision(ModelOptions options, Kernels kernels) {
        Optional<QuantizedConfig> quantization = source.weights().quantization();
        WeightType weights = options.weights();
        boolean isQuantized = quantization.isPresent()
                ? weights != quantization.get().weights()
                : tensors.linears().values().stream().anyMatch(WeightMatrix.Grouped.class::isInstance);
        if (weights != WeightType.STORED && isQuantized) {
            throw new IllegalArgumentException("weights: " + weights.label() + ", but " + folder()
                    + " holds weights that are quantized already; they run as stored");
        }
        WeightType type = storedLinears() == WeightType.STORED ? weights : storedLinears();
        DataType stored = quantization.map(QuantizedConfig::madeFrom)
                .orElse(WeightMatrices.floatType(tensors.head().getFirst()));
        return new LinearPrecision(options.compute().resolve(type.isGrouped() ? DataType.F32 : stored, kernels), type);
    }

    /** What {@link ModelConversion} made of its linear weights; STORED for all other sources. */
    public WeightType storedLinears() {
        return source.weights().quantization().map(QuantizedConfig::weights).orElse(WeightType.STORED);
    }

    /** Whether the folder has a tokenizer. */
    public boolean hasTokenizer() {
        return source.has(ModelFile.TOKENIZER);
    }

    /**
     * Releases the page-cache memory of a weight that has been packed, so that it is not in memory twice. It stays
     * readable: rows that are read again, such as those of a tied embedding, are read from the file.
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

    @Override
    public String toString() {
        return "ModelFolder[" + folder() + "]";
    }
}
