package io.github.pastkv.testkit.reference;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A golden model with the results of Hugging Face transformers: a case of {@code golden/hf}. */
public final class HfCase {
    private static final String CONFIG_FILE = "config.json";
    private static final String OLD_CONFIG_FILE = "config.v4.json";
    private static final String WEIGHTS_FILE = "model.safetensors";

    private final String name;
    private final Path folder;
    private final GoldenTensors expected;

    private HfCase(String name, Path folder, GoldenTensors expected) {
        this.name = name;
        this.folder = folder;
        this.expected = expected;
    }

    /** Reads a case by name. */
    public static HfCase of(String name) {
        return read(GoldenFiles.path("hf/" + name));
    }

    /** Reads the case in {@code folder}. */
    public static HfCase read(Path folder) {
        return new HfCase(String.valueOf(folder.getFileName()), folder,
                GoldenTensors.read(folder.resolve("expected.safetensors")));
    }

    /** The model folder. */
    public Path folder() {
        return folder;
    }

    /** Makes {@code target} a model folder whose configuration is in the spelling of transformers 4. */
    public Path copyWithOldConfig(Path target) throws IOException {
        Files.createDirectories(target);
        Files.copy(folder.resolve(OLD_CONFIG_FILE), target.resolve(CONFIG_FILE));
        Files.copy(folder.resolve(WEIGHTS_FILE), target.resolve(WEIGHTS_FILE));
        return target;
    }

    /** The prompt, {@code [T]}. */
    public int[] tokens() {
        return expected.ints("tokens");
    }

    /** {@code [T, V]}. */
    public Tensor logits() {
        return expected.floats("logits");
    }

    /** The greedy continuation. */
    public int[] greedy() {
        return expected.ints("greedy");
    }

    /** The logits that each token of {@link #greedy} was chosen from. */
    public Tensor greedyLogits() {
        return expected.floats("greedy_logits");
    }

    /** Keys after the prompt as {@code [1, T, K, D]}. */
    public Tensor pastKeys(int layer) {
        return slotsFirst(expected.floats("past_keys." + layer));
    }

    /** Latents after the prompt, {@code [T, R]}. */
    public Tensor latents(int layer) {
        return expected.floats("latent." + layer);
    }

    /** Rotary keys of latent attention after the prompt, {@code [T, Dr]}. */
    public Tensor rotaryKeys(int layer) {
        return expected.floats("rope_key." + layer);
    }

    /** Values after the prompt as {@code [1, T, K, D]}. */
    public Tensor pastValues(int layer) {
        return slotsFirst(expected.floats("past_values." + layer));
    }

    private static Tensor slotsFirst(Tensor headsFirst) {
        return headsFirst.reshape(1, headsFirst.shape(0), headsFirst.shape(1), headsFirst.shape(2)).transpose(1, 2);
    }

    /** Left-padded rows, {@code [B, W]}. */
    public int[][] batchTokens() {
        return expected.intRows("batch_tokens");
    }

    public AttentionMask batchMask() {
        return expected.mask("batch_mask");
    }

    /** {@code [B, W, V]}. */
    public Tensor batchLogits() {
        return expected.floats("batch_logits");
    }

    /** The greedy continuation of each row. */
    public int[][] batchGreedy() {
        return expected.intRows("batch_greedy");
    }

    @Override
    public String toString() {
        return name;
    }
}
