package io.github.pastkv.testkit.reference;

import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A golden GGUF file with what transformers computes from its dequantized weights: a case of {@code golden/gguf}. */
public final class GgufCase {
    private final String name;
    private final GoldenTensors expected;

    private GgufCase(String name, GoldenTensors expected) {
        this.name = name;
        this.expected = expected;
    }

    /** Reads a case by name. */
    public static GgufCase of(String name) {
        return new GgufCase(name, GoldenTensors.read(GoldenFiles.path("gguf/" + name + "/expected.safetensors")));
    }

    /** The model, or its first shard. */
    public Path file() {
        Path folder = GoldenFiles.path("gguf/" + name);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "model{,-00001-of-*}.gguf")) {
            return files.iterator().next();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The prompt, {@code [T]}. */
    public int[] tokens() {
        return expected.ints("tokens");
    }

    /** {@code [T, V]}. */
    public Tensor logits() {
        return expected.floats("logits");
    }

    /** The greedy continuation, past any end of text. */
    public int[] greedy() {
        return expected.ints("greedy");
    }

    @Override
    public String toString() {
        return name;
    }
}
