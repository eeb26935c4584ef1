package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.LatentKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
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

/** DeepSeek V3, and Kimi K2: latent attention, experts chosen by sigmoid scores within groups. */
public final class DeepSeekV3 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(4096, OptionalInt.empty(), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("num_nextn_predict_layers");

    private final String modelType;

    /**
     * The family under one of its names.
     *
     * @param modelType {@code deepseek_v3}, or {@code kimi_k2} for files that say so
     */
    public DeepSeekV3(String modelType) {
        this.modelType = modelType;
    }

    @Override
    public String modelType() {
        return modelType;
    }

    @Override
    public Set<String> architectures() {
        return Set.of("DeepseekV3ForCausalLM", "DeepseekV3Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        LatentKeys latents = new LatentKeys(json);
        boolean isInterleaved = json.findBoolean("rope_interleave", true);
        AttentionConfig heads = latents.heads(isInterleaved);
        RopeConfig halves = latents.rotary(keys.sizes().maxSeqLen());
        RopeConfig rotary = isInterleaved ? halves.interleaved() : halves;
        ExpertKeys.requireOneOf(json, "scoring_func", "sigmoid");
        ExpertKeys.requireOneOf(json, "topk_method", "noaux_tc");
        json.findInt("moe_layer_freq", 1, 1);
        ExpertKeys experts = ExpertKeys.of(json, "n_routed_experts", "num_local_experts", 256).withGroups(8, 4);
        int size = experts.size("moe_intermediate_size", 2048);
        LayerConfig layer = LayerConfig.full(LatentKeys.scoreScale(heads, rotary), rotary);
        ModelConfig config = keys.model(modelType(), heads, keys.ffn("hidden_act", "silu"), ExpertKeys.layers(
                Collections.nCopies(keys.sizes().numLayers(), layer),
                ExpertsConfig.of(experts.numExperts(), size, experts.deepSeekRouter(8, true, 2.5))
                        .withShared(experts.shared("n_shared_experts", 1, size)),
                experts.fromFirstSparseLayer(3)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, new DecoderNames().qkv(DecoderNames.Qkv.LATENT, "")
                .ignoringLayersFrom(config.numLayers()), weights);
    }
}
