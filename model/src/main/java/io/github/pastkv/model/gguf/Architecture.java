package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;

/**
 * An architecture of GGUF: how its metadata maps to {@code config.json}, and its tensors to those of a Hugging Face
 * checkpoint. To add one, add a line to the table of its kind, such as {@link LlamaArchitectures}.
 *
 * @param config writes the keys of {@code config.json}
 * @param names of tensors, given those of the file
 */
record Architecture(Config config, Names names) {
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
}
