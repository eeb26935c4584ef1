package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Collections;
import java.util.OptionalInt;
import java.util.Set;

/** Qwen 3 with experts, some layers dense. */
public final class Qwen3Moe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(32768, OptionalInt.of(4), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("max_window_layers"); // not used there
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "qwen3_moe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen3MoeForCausalLM", "Qwen3MoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased).withHeadNorms(HeadNorms.SHARED);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ExpertKeys experts = ExpertKeys.of(json, "num_experts", "num_local_experts", 128);
        int numLayers = keys.sizes().numLayers();
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary).withWindow(window(json));
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                ExpertKeys.layers(Collections.nCopies(numLayers, layer),
                        ExpertsConfig.of(experts.numExperts(), experts.size("moe_intermediate_size", 768),
                                experts.qwenRouter(8)),
                        experts.qwenSparseLayers(numLayers)));
        requireNoOtherParts(json);
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Qwen3-Coder states two settings that transformers does not read. */
    private static void requireNoOtherParts(JsonObject json) throws ModelFormatException {
        int sharedSize = json.findInt("shared_expert_intermediate_size", 0, CommonKeys.MAX_WIDTH).orElse(0);
        if (sharedSize != 0) {
            throw json.refusal("shared_expert_intermediate_size", sharedSize + ", qwen3_moe has no shared expert");
        }
        if (!json.findBoolean("use_qk_norm", true)) {
            throw json.refusal("use_qk_norm", "false, qwen3_moe always has norms of heads");
        }
    }

    /** In all layers or in none. */
    private static int window(JsonObject json) throws ModelFormatException {
        int window = json.findInt("sliding_window", 0, CommonKeys.MAX_SEQ_LEN).orElse(4096);
        return json.findBoolean("use_sliding_window", false) && !json.isNull("sliding_window") ? window : 0;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
