package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
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

/** GLM 4.5 and 4.6: partial RoPE over halves, DeepSeek V3's routing, the first layers dense. */
public final class Glm4Moe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(8), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("num_nextn_predict_layers");

    @Override
    public String modelType() {
        return "glm4_moe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Glm4MoeForCausalLM", "Glm4MoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads().withBiases(json.findBoolean("attention_bias", false), false)
                .withHeadNorms(json.findBoolean("use_qk_norm", false) ? HeadNorms.SHARED : HeadNorms.NONE);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withPart("partial_rotary_factor", 0.5));
        ExpertKeys experts = ExpertKeys.of(json, "n_routed_experts", "num_local_experts", 128);
        int size = experts.size("moe_intermediate_size", 1408);
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary);
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"), ExpertKeys.layers(
                Collections.nCopies(keys.sizes().numLayers(), layer),
                ExpertsConfig.of(experts.numExperts(), size, experts.deepSeekRouter(8, true, 1))
                        .withShared(experts.shared("n_shared_experts", 1, size)),
                experts.fromFirstSparseLayer(1)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, new DecoderNames().ignoringLayersFrom(config.numLayers()), weights);
    }
}
