package io.github.pastkv.model.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A Hugging Face model folder: {@code config.json}, {@code model.safetensors} or shards and their index, and the
 * documents beside them. Links are followed, as the folders of the Hub's cache consist of them.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class HuggingFaceFolder implements ModelSource {
    private final Path folder;
    private final SafetensorsWeights weights;

    private HuggingFaceFolder(Path folder, SafetensorsWeights weights) {
        this.folder = folder;
        this.weights = weights;
    }

    /**
     * Opens a folder.
     *
     * @throws ModelFormatException if {@code config.json} or the weights are missing or damaged
     */
    public static HuggingFaceFolder open(Path folder) throws IOException {
        Optional<Int8Config> int8 = Int8Config.find(JsonFile.read(folder.resolve(ModelFile.CONFIG.fileName())));
        return new HuggingFaceFolder(folder, SafetensorsWeights.open(folder, int8.map(Int8Config::madeFrom)));
    }

    @Override
    public Path location() {
        return folder;
    }

    /** A link that leads nowhere counts as there, so that it is refused rather than passed over. */
    @Override
    public boolean has(ModelFile file) {
        return Files.exists(path(file), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public Optional<ModelDocument> document(ModelFile file) throws IOException {
        return has(file)
                ? Optional.of(new ModelDocument(path(file), JsonFile.readBytes(path(file))))
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
        return FolderDigest.of(folder);
    }

    @Override
    public void close() {
        weights.close();
    }
}
