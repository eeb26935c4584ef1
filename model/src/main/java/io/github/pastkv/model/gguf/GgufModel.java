package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.FolderDigest;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import io.github.pastkv.model.files.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model in a GGUF file, or in shards beside each other. Metadata is presented under the keys of {@code config.json},
 * tensors under the names of Hugging Face's checkpoints ({@link Architecture} has the tables).
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class GgufModel implements ModelSource {
    private static final String ARCHITECTURE_KEY = "general.architecture";

    private final GgufTensors files;
    private final GgufWeights weights;
    private final Map<ModelFile, byte[]> documents;

    private GgufModel(GgufTensors files, GgufWeights weights, Map<ModelFile, byte[]> documents) {
        this.files = files;
        this.weights = weights;
        this.documents = documents;
    }

    /** Whether a file begins as GGUF files do, or is called like one. */
    public static boolean isGguf(Path file) {
        return Files.isRegularFile(file) && String.valueOf(file.getFileName()).endsWith(".gguf");
    }

    /**
     * Opens a file, and the other shards where it is the first.
     *
     * @param allowedKeys keys of the metadata that are let pass though they are not known
     * @throws ModelFormatException if a file is missing, damaged, contradictory or of an unknown kind
     */
    public static GgufModel open(Path file, Set<String> allowedKeys) throws IOException {
        GgufTensors files = GgufTensors.open(file);
        try {
            GgufMetadata metadata = files.metadata();
            String name = metadata.requireString(ARCHITECTURE_KEY);
            Architecture architecture = Architecture.find(name)
                    .orElseThrow(() -> metadata.refusal(ARCHITECTURE_KEY, "\"" + name + "\" is not supported; "
                            + "supported are " + String.join(", ", Architecture.allNames())));
            ConfigKeys keys = new ConfigKeys(metadata, name, files);
            architecture.config().write(keys);
            keys.putTokenIds();
            keys.refuseUnknown(allowedKeys);
            Map<ModelFile, byte[]> documents = new EnumMap<>(ModelFile.class);
            documents.put(ModelFile.CONFIG, JsonMapper.shared().writeValueAsBytes(keys.config()));
            GgufWeights weights = new GgufWeights(files, architecture.names().of(files), keys.heads());
            return new GgufModel(files, weights, documents);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** The files that hold it, the first shard first. */
    public Iterable<GgufFile> files() {
        return files.files();
    }

    @Override
    public Path location() {
        return weights.location();
    }

    @Override
    public boolean has(ModelFile file) {
        return documents.containsKey(file);
    }

    @Override
    public Optional<ModelDocument> document(ModelFile file) {
        return Optional.ofNullable(documents.get(file)).map(bytes -> new ModelDocument(location(), bytes));
    }

    @Override
    public WeightSource weights() {
        return weights;
    }

    @Override
    public String digest() throws IOException {
        return FolderDigest.ofFiles(files.files().stream().map(GgufFile::path).toList());
    }

    @Override
    public void close() {
        weights.close();
    }
}
