package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * EXAONE 4: norms after the blocks and of each query and key head; where there are windows, only windowed layers have
 * RoPE.
 */
public final class Exaone4 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.of(32), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout");
    private static final DecoderNames NAMES = new DecoderNames().norms(
            new BlockNorms<>(null, null, "post_attention_layernorm"),
            new BlockNorms<>(null, null, "post_feedforward_layernorm"));

    @Override
    public String modelType() {
        return "exaone4";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Exaone4ForCausalLM", "Exaone4Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads().withHeadNorms(HeadNorms.SHARED);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                layers(json, attention.scaleByHeadDim(), rotary, keys.sizes().numLayers()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static List<LayerConfig> layers(JsonObject json, float scale, RopeConfig rotary, int numLayers)
            throws ModelFormatException {
        OptionalInt stated = json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN);
        boolean isWindowed = !json.isNull("sliding_window");
        int pattern = pattern(json, isWindowed && !json.isArray("layer_types"));
        LayerKinds kinds = LayerKinds.read(json, numLayers, layer -> isWindowed && (layer + 1) % pattern != 0);
        if (kinds.anyWindowed() && !isWindowed) {
            throw json.refusal("layer_types", "has sliding_attention, but sliding_window is null");
        }
        return kinds.layers(LayerConfig.full(scale, isWindowed ? null : rotary),
                LayerConfig.full(scale, rotary).withWindow(stated.orElse(4096)));
    }

    /**
     * Not read beside a list of kinds, where it may be a text such as LLLG, nor without a window, where it may be 0.
     */
    private static int pattern(JsonObject json, boolean isRead) throws ModelFormatException {
        return !isRead && json.isString("sliding_window_pattern") ? 4
                : json.findInt("sliding_window_pattern", isRead ? 1 : 0, CommonKeys.MAX_LAYERS).orElse(4);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
