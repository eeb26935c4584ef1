package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.FolderDigest;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import io.github.pastkv.model.files.TensorEntry;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model in a GGUF file, or in shards beside each other. Metadata is presented under the keys of {@code config.json},
 * tensors under the names of Hugging Face's checkpoints ({@link Architecture} has the tables), its tokenizer as a
 * {@code tokenizer.json}.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class GgufModel implements ModelSource {
    private static final String ARCHITECTURE_KEY = "general.architecture";

    private final GgufTensors files;
    private final GgufWeights weights;
    private final byte[] config;
    private final GgufTokenizer tokenizer;

    private GgufModel(GgufTensors files, GgufWeights weights, byte[] config, GgufTokenizer tokenizer) {
        this.files = files;
        this.weights = weights;
        this.config = config;
        this.tokenizer = tokenizer;
    }

    /** Whether a file begins as GGUF files do, or is called like one. */
    public static boolean isGguf(Path file) {
        return Files.isRegularFile(file) && String.valueOf(file.getFileName()).endsWith(".gguf");
    }

    /**
     * Opens a file, and the other shards where it is the first.
     *
     * @param allowedKeys keys of the metadata that are let pass though they are not known
     * @param allowedTokenizers rules of tokenizers to take for others, as {@link GgufTokenizer} has them
     * @throws ModelFormatException if a file is missing, damaged, contradictory or of an unknown kind
     */
    public static GgufModel open(Path file, Set<String> allowedKeys, Map<String, String> allowedTokenizers)
            throws IOException {
        GgufTensors files = GgufTensors.open(file);
        try {
            GgufMetadata metadata = files.metadata();
            String name = metadata.requireString(ARCHITECTURE_KEY);
            Architecture architecture = Architectures.find(name)
                    .orElseThrow(() -> metadata.refusal(ARCHITECTURE_KEY, "\"" + name + "\" is not supported; "
                            + "supported are " + String.join(", ", Architectures.names())));
            ConfigKeys keys = new ConfigKeys(metadata, name, files);
            architecture.config().write(keys);
            keys.putTokenIds();
            keys.refuseUnknown(allowedKeys);
            GgufWeights weights = new GgufWeights(files, architecture.names().of(files), keys.heads(),
                    keys.numExperts(), keys.constants());
            return new GgufModel(files, weights, JsonMapper.shared().writeValueAsBytes(keys.config()),
                    new GgufTokenizer(metadata, allowedTokenizers));
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** All tensors, in the order of the files. */
    public Stream<GgufTensor> tensors() {
        return files.all().stream().map(GgufTensors.Located::tensor);
    }

    /** The type and shape of {@link #checkpointTensor}. */
    public TensorEntry checkpointEntry(String name) throws ModelFormatException {
        return weights.checkpointEntry(name);
    }

    /**
     * A tensor as a Hugging Face checkpoint of the family has it. Blocks become F32.
     *
     * @param arena owner of what has to be made; must not outlive this object
     */
    public Tensor checkpointTensor(String name, Arena arena) throws ModelFormatException {
        return weights.checkpointTensor(name, arena);
    }

    @Override
    public Path location() {
        return weights.location();
    }

    @Override
    public boolean has(ModelFile file) {
        return switch (file) {
            case CONFIG -> true;
            case TOKENIZER, TOKENIZER_CONFIG -> tokenizer.isPresent();
            default -> false;
        };
    }

    @Override
    public Optional<ModelDocument> document(ModelFile file) throws ModelFormatException {
        if (!has(file)) {
            return Optional.empty();
        }
        return Optional.of(new ModelDocument(location(), switch (file) {
            case TOKENIZER -> tokenizer.tokenizerJson();
            case TOKENIZER_CONFIG -> tokenizer.configJson();
            default -> config.clone();
        }));
    }

    @Override
    public WeightSource weights() {
        return weights;
    }

    @Override
    public String digest() throws IOException {
        String digest = FolderDigest.ofFiles(files.files().stream().map(GgufFile::path).toList());
        for (GgufFile file : files.files()) {
            file.requireSame();
        }
        return digest;
    }

    @Override
    public void close() {
        weights.close();
    }
}
