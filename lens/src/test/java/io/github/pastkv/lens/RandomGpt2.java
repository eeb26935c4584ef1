package io.github.pastkv.lens;

import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** A GPT-2 with random weights, without a tokenizer: 3 layers, 4 heads of 5 elements, 23 tokens, all different. */
public final class RandomGpt2 {
    public static final int NUM_LAYERS = 3;
    public static final int NUM_HEADS = 4;
    public static final int HIDDEN_SIZE = 20;
    public static final int FFN_SIZE = 27;
    public static final int VOCAB_SIZE = 23;

    private static final int MAX_SEQ_LEN = 31;

    private RandomGpt2() {}

    /** Writes the model into a folder. Equal seeds give equal weights. */
    public static Path write(Path folder, long seed) throws IOException {
        Files.writeString(folder.resolve("config.json"), String.format("""
                {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": %d, "n_head": %d, "n_layer": %d,
                 "n_inner": %d, "n_positions": %d, "vocab_size": %d, "layer_norm_epsilon": 1e-5,
                 "activation_function": "gelu_new", "tie_word_embeddings": true, "dtype": "float32"}
                """, HIDDEN_SIZE, NUM_HEADS, NUM_LAYERS, FFN_SIZE, MAX_SEQ_LEN, VOCAB_SIZE));
        Random random = new Random(seed);
        SafetensorsWriter writer = new SafetensorsWriter();
        add(writer, random, "wte.weight", VOCAB_SIZE, HIDDEN_SIZE);
        add(writer, random, "wpe.weight", MAX_SEQ_LEN, HIDDEN_SIZE);
        for (int layer = 0; layer < NUM_LAYERS; layer++) {
            String name = "h." + layer + ".";
            addNorm(writer, random, name + "ln_1");
            addLinear(writer, random, name + "attn.c_attn", HIDDEN_SIZE, 3 * HIDDEN_SIZE);
            addLinear(writer, random, name + "attn.c_proj", HIDDEN_SIZE, HIDDEN_SIZE);
            addNorm(writer, random, name + "ln_2");
            addLinear(writer, random, name + "mlp.c_fc", HIDDEN_SIZE, FFN_SIZE);
            addLinear(writer, random, name + "mlp.c_proj", FFN_SIZE, HIDDEN_SIZE);
        }
        addNorm(writer, random, "ln_f");
        writer.write(folder.resolve("model.safetensors"));
        return folder;
    }

    private static void addNorm(SafetensorsWriter writer, Random random, String name) {
        add(writer, random, name + ".weight", HIDDEN_SIZE);
        add(writer, random, name + ".bias", HIDDEN_SIZE);
    }

    private static void addLinear(SafetensorsWriter writer, Random random, String name, int inputs, int outputs) {
        add(writer, random, name + ".weight", inputs, outputs);
        add(writer, random, name + ".bias", outputs);
    }

    private static void add(SafetensorsWriter writer, Random random, String name, long... shape) {
        float[] numbers = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian() * 0.4f;
        }
        writer.add(name, Tensor.of(numbers, shape));
    }
}
