package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What GGUF calls an architecture: how its metadata reads as a {@code config.json}, and how its tensors read as those
 * of a Hugging Face checkpoint. A further one is one further line in the table of its kind.
 *
 * @param config writes the keys of {@code config.json}
 * @param names of tensors, given those of the file
 */
record Architecture(Config config, Names names) {
    /** By the value of {@code general.architecture}. */
    private static final Map<String, Architecture> ALL = new TreeMap<>();

    static {
        Stream.of(LlamaArchitectures.ALL, GemmaArchitectures.ALL, LayerNormArchitectures.ALL, GptArchitectures.ALL)
                .forEach(ALL::putAll);
    }

    /** One whose names do not depend on the file. */
    Architecture(Config config, TensorNames names) {
        this(config, _ -> names);
    }

    /** Writes what the metadata says. */
    @FunctionalInterface
    interface Config {
        void write(ConfigKeys keys) throws ModelFormatException;
    }

    /** Chooses the table of names. */
    @FunctionalInterface
    interface Names {
        TensorNames of(GgufTensors tensors);
    }

    /** Names of all, in order. */
    static Set<String> allNames() {
        return ALL.keySet();
    }

    static Optional<Architecture> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }
}
