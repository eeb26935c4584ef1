package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.FfnConfig;
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

/** OLMoE: norms of all heads together, queries and keys clipped after them, experts in all layers. */
public final class Olmoe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(4096, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless();
    private static final DecoderNames NAMES = new DecoderNames();

    @Override
    public String modelType() {
        return "olmoe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("OlmoeForCausalLM", "OlmoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        float clip = (float) json.findPositive("clip_qkv").orElse(0);
        AttentionConfig heads = keys.heads().withBiases(biased, biased).withHeadNorms(HeadNorms.JOINT);
        AttentionConfig attention = clip == 0 ? heads : heads.withClipAfterNorm(clip);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        FfnConfig ffn = keys.ffn("hidden_act", "silu");
        ExpertKeys experts = ExpertKeys.of(json, "num_experts", "num_local_experts", 64);
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary)
                .withExperts(ExpertsConfig.of(experts.numExperts(), ffn.ffnSize(), experts.qwenRouter(8)));
        ModelConfig config =
                keys.model(modelType(), attention, ffn, Collections.nCopies(keys.sizes().numLayers(), layer));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
