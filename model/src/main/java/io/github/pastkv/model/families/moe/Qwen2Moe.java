package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.LayerKinds;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.families.tensors.ExpertNames;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Qwen 1.5 and 2 with experts: some layers dense, and a shared expert with a gate of its own. */
public final class Qwen2Moe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(32768, OptionalInt.of(16), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless();
    private static final DecoderNames NAMES =
            new DecoderNames().experts(ExpertNames.DEFAULT.withShared("shared_expert."));

    @Override
    public String modelType() {
        return "qwen2_moe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen2MoeForCausalLM", "Qwen2MoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads().withBiases(json.findBoolean("qkv_bias", true), false);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ExpertKeys keysOfExperts = ExpertKeys.of(json, "num_experts", "num_local_experts", 60);
        ExpertsConfig experts = ExpertsConfig
                .of(keysOfExperts.numExperts(), keysOfExperts.size("moe_intermediate_size", 1408),
                        keysOfExperts.qwenRouter(4))
                .withShared(new ExpertsConfig.SharedExpert(
                        keysOfExperts.size("shared_expert_intermediate_size", 5632), false, true));
        int numLayers = keys.sizes().numLayers();
        List<LayerConfig> layers = layers(json, numLayers, LayerConfig.full(attention.scaleByHeadDim(), rotary));
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                ExpertKeys.layers(layers, experts, keysOfExperts.qwenSparseLayers(numLayers)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Where windows are used, those of even index below {@code max_window_layers} have one. */
    private static List<LayerConfig> layers(JsonObject json, int numLayers, LayerConfig full)
            throws ModelFormatException {
        int window = json.findInt("sliding_window", 0, CommonKeys.MAX_SEQ_LEN).orElse(4096); // 0 where not used
        boolean isUsed = json.findBoolean("use_sliding_window", false) && !json.isNull("sliding_window") && window > 0;
        int numWindowed = json.findInt("max_window_layers", 0, Integer.MAX_VALUE).orElse(28);
        LayerKinds kinds =
                LayerKinds.read(json, numLayers, layer -> isUsed && layer % 2 == 0 && layer < numWindowed);
        if (kinds.anyWindowed() && !isUsed) {
            throw json.refusal("layer_types", "has sliding_attention, but use_sliding_window is false or there is no "
                    + "sliding_window");
        }
        return kinds.layers(full, full.withWindow(window));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
