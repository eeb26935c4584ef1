package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What Qwen2 and Qwen3 have in common: Llama's blocks, and a window in the layers from {@code max_window_layers} on.
 */
public final class Qwen {
    private static final int DEFAULT_MAX_SEQ_LEN = 32768;
    private static final int DEFAULT_KV_HEADS = 32;
    private static final int DEFAULT_WINDOW = 4096;
    private static final int DEFAULT_MAX_WINDOW_LAYERS = 28;
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");

    private Qwen() {}

    static LlamaKeys keys(JsonObject json, OptionalInt headDim) throws ModelFormatException {
        return new LlamaKeys(json, new LlamaKeys.Defaults(DEFAULT_MAX_SEQ_LEN, OptionalInt.of(DEFAULT_KV_HEADS),
                headDim, 1e-6, false));
    }

    static ModelConfig config(JsonObject json, LlamaKeys keys, String modelType, AttentionConfig attention)
            throws ModelFormatException {
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        LayerConfig full = LayerConfig.full(attention.scaleByHeadDim(), rotary);
        ModelConfig config = keys.model(modelType, attention, keys.ffn("hidden_act", "silu"),
                layers(json, keys.sizes().numLayers(), full));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Windows are there only if {@code use_sliding_window} says so and {@code sliding_window} is not null. */
    private static List<LayerConfig> layers(JsonObject json, int numLayers, LayerConfig full)
            throws ModelFormatException {
        boolean isUsed = json.findBoolean("use_sliding_window", false) && !json.isNull("sliding_window");
        int window = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_WINDOW);
        int firstWindowed = json.findInt("max_window_layers", 0, Integer.MAX_VALUE).orElse(DEFAULT_MAX_WINDOW_LAYERS);
        LayerKinds kinds = LayerKinds.read(json, numLayers, layer -> isUsed && layer >= firstWindowed);
        if (kinds.anyWindowed() && !isUsed) {
            throw json.refusal("layer_types", "has sliding_attention, but use_sliding_window is false or there is no "
                    + "sliding_window");
        }
        return kinds.layers(full, full.withWindow(window));
    }
}
