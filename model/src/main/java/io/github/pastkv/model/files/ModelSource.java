package io.github.pastkv.model.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The source of a model: its weights and the documents that belong to them. Whatever the format, everything is
 * presented as in a Hugging Face folder: keys of {@code config.json}, names of tensors, a {@code tokenizer.json}. So a
 * new format needs one new implementation, and families, tokenizer and chat templates stay unchanged.
 *
 * <p>Owns its weights until {@link #close}. Safe for any number of threads.
 */
public interface ModelSource extends AutoCloseable {
    /** The folder or file that was opened. */
    Path location();

    /** Whether there is a document of this kind. */
    boolean has(ModelFile file);

    /**
     * A document, read anew with each call.
     *
     * @return empty where the source has none of this kind
     * @throws ModelFormatException if it is no regular file, or too large to be one
     */
    Optional<ModelDocument> document(ModelFile file) throws IOException;

    /** The tensors. */
    WeightSource weights();

    /**
     * SHA-256 over configuration and weights, as 64 hexadecimal digits: equal for equal content, independent of the
     * location. Reads all weights, at about a gigabyte per second.
     *
     * @throws ModelFormatException if the files are not those that were opened any more
     */
    String digest() throws IOException;

    /** What the model is, under the keys of {@code config.json}. */
    default JsonObject config() throws IOException {
        return require(ModelFile.CONFIG).json();
    }

    /** Its makers' defaults for generation, under the keys of {@code generation_config.json}. */
    default Optional<JsonObject> generationConfig() throws IOException {
        Optional<ModelDocument> document = document(ModelFile.GENERATION_CONFIG);
        return document.isEmpty() ? Optional.empty() : Optional.of(document.get().json());
    }

    /** A document that has to be there. */
    default ModelDocument require(ModelFile file) throws IOException {
        Optional<ModelDocument> document = document(file);
        if (document.isEmpty()) {
            throw new ModelFormatException(location().resolve(file.fileName()), "no such file");
        }
        return document.get();
    }

    /** Releases its resources; tensors must not be used afterward. Closing twice is allowed. */
    @Override
    void close();
}
