package io.github.pastkv.model;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearPrecision;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.Families;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.Checkpoint;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face model folder, opened and checked: configuration, weights, generation defaults, and a tokenizer if
 * there is one. Weights are views of memory-mapped files that this object owns; using one after {@link #close} is an
 * {@link IllegalStateException}.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class ModelFolder implements AutoCloseable {
    private static final String CONFIG_FILE = "config.json";
    private static final String GENERATION_FILE = "generation_config.json";
    private static final String TOKENIZER_FILE = "tokenizer.json";

    private final Path folder;
    private final ModelConfig config;
    private final GenerationConfig generationConfig;
    private final Checkpoint checkpoint;
    private final ModelTensors tensors;
    private final @Nullable Int8Config int8;

    private ModelFolder(Path folder, ModelConfig config, GenerationConfig generationConfig, Checkpoint checkpoint,
            ModelTensors tensors, @Nullable Int8Config int8) {
        this.folder = folder;
        this.config = config;
        this.generationConfig = generationConfig;
        this.checkpoint = checkpoint;
        this.tensors = tensors;
        this.int8 = int8;
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
     * {@link #open(Path)}, letting pass keys of {@code config.json} that would be refused because nobody knows what they
     * change.
     */
    public static ModelFolder open(Path folder, Set<String> allowedConfigKeys) throws IOException {
        JsonObject json = JsonFile.read(folder.resolve(CONFIG_FILE));
        Int8Config int8 = Int8Config.find(json).orElse(null);
        json = json.allowing(int8 == null ? allowedConfigKeys : and(allowedConfigKeys, Int8Config.KEY));
        Family family = Families.of(json);
        ModelConfig config = family.readConfig(json);
        GenerationConfig generationConfig = readGenerationConfig(folder, config);
        Checkpoint checkpoint = Checkpoint.open(folder, int8 == null ? WeightType.STORED : WeightType.INT8);
        try {
            ModelTensors tensors = family.readTensors(config, checkpoint);
            return new ModelFolder(folder, config, generationConfig, checkpoint, tensors, int8);
        } catch (IOException | RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    private static Set<String> and(Set<String> keys, String key) {
        Set<String> all = new HashSet<>(keys);
        all.add(key);
        return all;
    }

    private static GenerationConfig readGenerationConfig(Path folder, ModelConfig config) throws IOException {
        Path file = folder.resolve(GENERATION_FILE);
        return Files.exists(file)
                ? GenerationConfig.read(JsonFile.read(file), config)
                : GenerationConfig.of(config);
    }

    public Path folder() {
        return folder;
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
        DataType stored = int8 == null ? tensors.head().getFirst().weight().dataType() : int8.madeFrom();
        return new LinearPrecision(options.compute().resolve(stored, kernels),
                int8 == null ? options.weights() : WeightType.INT8);
    }

    /** INT8 where its linear weights are integers with scales, as {@link ModelConversion} writes them. */
    public WeightType storedLinears() {
        return checkpoint.linears();
    }

    /** Its weights by the names of the files. */
    Checkpoint checkpoint() {
        return checkpoint;
    }

    public boolean hasTokenizer() {
        return Files.exists(tokenizerFile());
    }

    /** Where {@code tokenizer.json} is, or would be. */
    public Path tokenizerFile() {
        return folder.resolve(TOKENIZER_FILE);
    }

    /**
     * Gives back the memory in which the system holds a weight that has been packed, so that none is held twice. It stays
     * readable: what is read again, as rows of a tied embedding are, comes from the file once more.
     */
    static void letGo(Tensor weight) {
        if (weight.segment().isMapped()) {
            weight.segment().unload();
        }
    }

    /** Unmaps the weights. Closing twice is allowed. */
    @Override
    public void close() {
        checkpoint.close();
    }
}
