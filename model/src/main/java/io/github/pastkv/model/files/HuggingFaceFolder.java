package io.github.pastkv.model.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Hugging Face model folder: {@code config.json}, {@code model.safetensors} or shards and their index, and the
 * documents beside them. Links are followed, as the folders of the Hub's cache consist of them.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class HuggingFaceFolder implements ModelSource {
    private static final String ADAPTER_FILE = "adapter_config.json";
    private static final Pattern HUB_NAME = Pattern.compile("[A-Za-z0-9][\\w.-]*(/[\\w.-]+)?");

    private final Path folder;
    private final FileState config;
    private final SafetensorsWeights weights;

    private HuggingFaceFolder(Path folder, FileState config, SafetensorsWeights weights) {
        this.folder = folder;
        this.config = config;
        this.weights = weights;
    }

    /**
     * Opens a folder.
     *
     * @throws ModelFormatException if {@code config.json} or the weights are missing or damaged
     */
    public static HuggingFaceFolder open(Path folder) throws IOException {
        requireModelFolder(folder);
        Path config = folder.resolve(ModelFile.CONFIG.fileName());
        JsonFile.requireFile(config);
        FileState state = FileState.of(config);
        return new HuggingFaceFolder(folder, state,
                SafetensorsWeights.open(folder, QuantizedConfig.find(JsonFile.read(config))));
    }

    private static void requireModelFolder(Path folder) throws IOException {
        if (Files.isRegularFile(folder)) {
            throw new ModelFormatException(folder, "is a file; give the folder that it is in");
        }
        if (!Files.isDirectory(folder)) {
            throw new ModelFormatException(folder,
                    JsonFile.whatInstead(folder, "no such file or folder" + howToGet(folder.toString())));
        }
        if (!Files.exists(folder.resolve(ModelFile.CONFIG.fileName()))
                && Files.isDirectory(folder.resolve("snapshots"))) {
            throw new ModelFormatException(folder,
                    "is a model's root in the Hub's cache; give one of the folders in its "
                            + "snapshots");
        }
        requireNoGgufAlone(folder);
        Path adapter = folder.resolve(ADAPTER_FILE);
        if (Files.exists(adapter, LinkOption.NOFOLLOW_LINKS)) {
            String base = JsonFile.read(adapter).findString("base_model_name_or_path").orElse("its base model");
            throw new ModelFormatException(adapter, Files.exists(folder.resolve(ModelFile.CONFIG.fileName()))
                    ? "an adapter lies beside the model and would change it; merge it into the weights (peft's "
                            + "merge_and_unload), or move it elsewhere to run the model without it"
                    : "is an adapter, not a model; merge it into " + base + " (peft's merge_and_unload) and give that "
                            + "folder");
        }
    }

    private static void requireNoGgufAlone(Path folder) throws IOException {
        if (Files.exists(folder.resolve(ModelFile.CONFIG.fileName()))) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<String> ggufs = files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(".gguf")).sorted().toList();
            if (!ggufs.isEmpty()) {
                throw new ModelFormatException(folder,
                        "has no config.json but GGUF files; give one of them: " + folder.resolve(ggufs.getFirst()));
            }
        }
    }

    /** Explains how to download a model from the Hub. */
    private static String howToGet(String name) {
        return HUB_NAME.matcher(name).matches()
                ? "; models are not downloaded by name, so get it first: hf download " + name + " --local-dir "
                        + name.substring(name.lastIndexOf('/') + 1)
                : "";
    }

    @Override
    public Path location() {
        return folder;
    }

    /** A dangling link counts as existing, so that it is rejected and not ignored. */
    @Override
    public boolean has(ModelFile file) {
        return Files.exists(path(file), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public Optional<ModelDocument> document(ModelFile file) throws IOException {
        return has(file)
                ? Optional.of(new ModelDocument(path(file), JsonFile.readBytes(path(file), file.maxBytes())))
                : Optional.empty();
    }

    private Path path(ModelFile file) {
        return folder.resolve(file.fileName());
    }

    @Override
    public SafetensorsWeights weights() {
        return weights;
    }

    @Override
    public String digest() throws IOException {
        String digest = FolderDigest.of(folder);
        config.requireSame();
        weights.requireSame();
        return digest;
    }

    @Override
    public void close() {
        weights.close();
    }

    @Override
    public String toString() {
        return "HuggingFaceFolder[" + folder + "]";
    }
}
