package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Translates the metadata of one architecture to the keys of {@code config.json}. Keys of the architecture are given
 * without the prefix of its name. For one thread.
 */
final class ConfigKeys {
    private static final int MAX_LAYERS = 1 << 14;
    private static final int MAX_HEADS = 1 << 14;
    private static final int MAX_EXPERTS = 1 << 14;
    private static final int MAX_SIZE = 1 << 30;

    private final GgufMetadata metadata;
    private final String architecture;
    private final GgufTensors tensors;
    private final Map<String, @Nullable Object> config = new LinkedHashMap<>();
    private final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final int numLayers;

    ConfigKeys(GgufMetadata metadata, String architecture, GgufTensors tensors) throws ModelFormatException {
        this.metadata = metadata;
        this.architecture = architecture;
        this.tensors = tensors;
        this.numLayers = metadata.requireInt(key("block_count"), 1, MAX_LAYERS);
    }

    private String key(String name) {
        return architecture + "." + name;
    }

    /** @param value null for a null, which some families tell from a key that is not there */
    ConfigKeys put(String name, @Nullable Object value) {
        config.put(name, value);
        return this;
    }

    Map<String, @Nullable Object> config() {
        return config;
    }

    /** Makes a tensor of the checkpoint from numbers of the metadata. */
    void putTensor(String name, Tensor tensor) {
        constants.put(name, tensor);
    }

    /** What {@link #putTensor} has made. */
    Map<String, Tensor> constants() {
        return constants;
    }

    /** Whether the file holds a tensor. */
    boolean hasTensor(String name) {
        return tensors.has(name);
    }

    /** Whether queries have a bias, in a tensor of their own or a joined one. */
    boolean hasQkvBias() {
        return hasTensor("blk.0.attn_q.bias") || hasTensor("blk.0.attn_qkv.bias");
    }

    int numLayers() {
        return numLayers;
    }

    /** Experts of a layer, 0 where there are none. */
    int numExperts() throws ModelFormatException {
        int numExperts = size("expert_count", 0);
        if (numExperts > MAX_EXPERTS) {
            throw refusal("expert_count", numExperts + ", at most " + MAX_EXPERTS + " are supported");
        }
        return numExperts;
    }

    /** A required size. */
    int size(String name) throws ModelFormatException {
        return metadata.findEqualInts(key(name), numLayers, 1, MAX_SIZE)
                .orElseThrow(() -> metadata.refusal(key(name), "missing, must be an integer"));
    }

    /** A size, {@code absent} where it is 0 or not there. */
    int size(String name, int absent) throws ModelFormatException {
        int stated = metadata.findEqualInts(key(name), numLayers, 0, MAX_SIZE).orElse(0);
        return stated == 0 ? absent : stated;
    }

    OptionalDouble number(String name) throws ModelFormatException {
        return metadata.findNumber(key(name));
    }

    /** Writes a number under {@code name} if the file has it. */
    ConfigKeys putNumber(String name, String ggufName) throws ModelFormatException {
        number(ggufName).ifPresent(number -> put(name, number));
        return this;
    }

    double require(String name) throws ModelFormatException {
        return metadata.requireNumber(key(name));
    }

    /** Refuses a number other than {@code supported}, as F32. */
    void requireNear(String name, double supported) throws ModelFormatException {
        if ((float) require(name) != (float) supported) {
            throw refusal(name, require(name) + ", only " + supported + " is supported");
        }
    }

    /** One number for each layer, under a key without the architecture, which may hold one for all. */
    float[] numbersByLayer(String wholeKey) throws ModelFormatException {
        List<Double> numbers = metadata.isArray(wholeKey)
                ? metadata.findNumbers(wholeKey)
                : Collections.nCopies(numLayers, metadata.requireNumber(wholeKey));
        if (numbers.size() != numLayers) {
            throw metadata.refusal(wholeKey, numbers.size() + " numbers, block_count is " + numLayers);
        }
        float[] byLayer = new float[numLayers];
        for (int layer = 0; layer < numLayers; layer++) {
            byLayer[layer] = numbers.get(layer).floatValue();
        }
        return byLayer;
    }

    ModelFormatException refusal(String name, String problem) {
        return metadata.refusal(key(name), problem);
    }

    boolean isTrue(String name, boolean absent) throws ModelFormatException {
        return metadata.findBoolean(key(name)).orElse(absent);
    }

    boolean requireBoolean(String name) throws ModelFormatException {
        return metadata.findBoolean(key(name))
                .orElseThrow(() -> metadata.refusal(key(name), "missing, must be a bool"));
    }

    /** Refuses a key that says something else than {@code value}, which is all that is supported. */
    void requireOnly(String name, int value, String why) throws ModelFormatException {
        if (metadata.findEqualInts(key(name), numLayers, 0, MAX_SIZE).orElse(value) != value) {
            throw metadata.refusal(key(name), metadata.describe(key(name)) + ", " + why);
        }
    }

    RowOrder.Heads heads() throws ModelFormatException {
        int numHeads = metadata.findEqualInts(key("attention.head_count"), numLayers, 1, MAX_HEADS)
                .orElseThrow(() -> metadata.refusal(key("attention.head_count"), "missing, must be an integer"));
        int numKvHeads =
                metadata.findEqualInts(key("attention.head_count_kv"), numLayers, 1, MAX_HEADS).orElse(numHeads);
        if (numHeads % numKvHeads != 0) {
            throw metadata.refusal(key("attention.head_count_kv"),
                    numKvHeads + ", must divide attention.head_count " + numHeads);
        }
        if (size("attention.kv_lora_rank", 0) > 0) {
            return latentHeads(numHeads);
        }
        int headDim = size("attention.key_length", 0);
        int width = size("embedding_length");
        if (headDim == 0 && width % numHeads != 0) {
            throw metadata.refusal(key("embedding_length"), width + ", must be a multiple of attention.head_count "
                    + numHeads + ", as there is no attention.key_length");
        }
        headDim = headDim == 0 ? width / numHeads : headDim;
        requireOnly("attention.value_length", headDim, "must equal the length of keys, " + headDim);
        return new RowOrder.Heads(numHeads, numKvHeads, headDim);
    }

    /** Keys of heads as they are computed from latents; older files give no other length. */
    private RowOrder.Heads latentHeads(int numHeads) throws ModelFormatException {
        int stored = size("attention.key_length");
        return new RowOrder.Heads(numHeads, numHeads, size("attention.key_length_mla", stored));
    }

    /** Rows of the embedding: stated, or one for each token. */
    int vocabSize() throws ModelFormatException {
        int numTokens = metadata.findStrings("tokenizer.ggml.tokens").size();
        int stated = size("vocab_size", numTokens);
        if (stated == 0) {
            throw metadata.refusal(key("vocab_size"), "missing, and there is no tokenizer to tell");
        }
        return stated;
    }

    boolean isTied() {
        return !tensors.has("output.weight");
    }

    /** The sizes of Llama and its descendants, under their usual keys, and the head. */
    ConfigKeys putSizes() throws ModelFormatException {
        RowOrder.Heads heads = heads();
        return put("hidden_size", size("embedding_length")).put("num_hidden_layers", numLayers)
                .put("intermediate_size", size("feed_forward_length")).put("num_attention_heads", heads.numHeads())
                .put("num_key_value_heads", heads.numKvHeads()).put("head_dim", heads.headDim())
                .put("max_position_embeddings", size("context_length")).put("vocab_size", vocabSize())
                .put("tie_word_embeddings", isTied());
    }

    ConfigKeys putRmsEpsilon(String name) throws ModelFormatException {
        return put(name, require("attention.layer_norm_rms_epsilon"));
    }

    ConfigKeys putEpsilon(String name) throws ModelFormatException {
        return put(name, require("attention.layer_norm_epsilon"));
    }

    /** A window of attention under {@code sliding_window}, if the file has one. */
    ConfigKeys putWindow() throws ModelFormatException {
        int window = size("attention.sliding_window", 0);
        return window == 0 ? this : put("sliding_window", window);
    }

    /**
     * Which layers have the window: the pattern of the file, a period (of which the last layer is full) or one bool for
     * each layer; else the rule of the architecture, as a period.
     *
     * @param absentPeriod of which the last layer is full
     */
    ConfigKeys putLayerTypes(int absentPeriod) throws ModelFormatException {
        String key = key("attention.sliding_window_pattern");
        List<String> types = new ArrayList<>();
        if (metadata.isArray(key)) {
            for (boolean isWindowed : metadata.findBooleans(key)) {
                types.add(layerType(isWindowed));
            }
            if (types.size() != numLayers) {
                throw metadata.refusal(key, types.size() + " layers, block_count is " + numLayers);
            }
        } else {
            int period = metadata.findInt(key, 0, MAX_LAYERS).orElse(absentPeriod);
            for (int layer = 0; layer < numLayers; layer++) {
                types.add(layerType(period == 0 || layer % period != period - 1));
            }
        }
        return put("layer_types", types);
    }

    private static String layerType(boolean isWindowed) {
        return isWindowed ? "sliding_attention" : "full_attention";
    }

    /** RoPE in one form for all layers. */
    ConfigKeys putRope() throws ModelFormatException {
        return put("rope_parameters", rope());
    }

    /** RoPE as the file has it. */
    Map<String, Object> rope() throws ModelFormatException {
        return new RopeMetadata(metadata, architecture, tensors, heads().headDim()).parameters(size("context_length"));
    }

    /** The ids that begin and end texts and answers, as the tokenizer's keys have them. */
    ConfigKeys putTokenIds() throws ModelFormatException {
        putId("bos_token_id", "bos");
        putId("pad_token_id", "padding");
        List<Integer> ends = new ArrayList<>();
        for (String name : List.of("eos", "eot", "eom")) {
            metadata.findInt(idKey(name), 0, Integer.MAX_VALUE).ifPresent(id -> {
                if (!ends.contains(id)) {
                    ends.add(id);
                }
            });
        }
        return ends.isEmpty() ? this : put("eos_token_id", ends);
    }

    private void putId(String name, String ggufName) throws ModelFormatException {
        metadata.findInt(idKey(ggufName), 0, Integer.MAX_VALUE).ifPresent(id -> put(name, id));
    }

    private static String idKey(String name) {
        return "tokenizer.ggml." + name + "_token_id";
    }

    /** Whether linear layers of the two blocks have biases, under the keys that most families share. */
    ConfigKeys putBiases() {
        return put("attention_bias", hasQkvBias()).put("mlp_bias", hasTensor("blk.0.ffn_up.bias"));
    }

    /** Marks a string as known that changes nothing. */
    void note(String name) throws ModelFormatException {
        metadata.findString(key(name));
    }

    /** Marks a bool as known that changes nothing. */
    void noteBoolean(String name) throws ModelFormatException {
        metadata.findBoolean(key(name));
    }

    /** Refuses keys of the architecture that were not asked for, but for those let pass. */
    void refuseUnknown(Set<String> allowedKeys) throws ModelFormatException {
        for (String key : metadata.keys()) {
            if (key.startsWith(architecture + ".") && !metadata.isAsked(key) && !allowedKeys.contains(key)) {
                throw metadata.refusal(key, metadata.describe(key) + ", this key is not known and may change the "
                        + "result (--allow-config " + key + " lets it pass)");
            }
        }
    }
}
