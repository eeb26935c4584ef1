package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.ExpertKeys;
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
import java.util.Collections;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** Phi 3.5 MoE: LayerNorm, biases, LongRoPE with stated factors, and experts chosen by SparseMixer. */
public final class PhiMoe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(8), OptionalInt.empty(), 1e-5, false);
    private static final RopeKeys.Spelling SPELLING = RopeKeys.Spelling.USUAL.withTheta("rope_theta", 1e6)
            .withAliases(Map.of("longrope", "longrope_mscale", "su", "longrope_mscale"));
    private static final Set<String> HARMLESS_KEYS =
            ExpertKeys.harmless("input_jitter_noise", "hidden_dropout"); // for training

    @Override
    public String modelType() {
        return "phimoe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("PhimoeForCausalLM", "PhimoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen()).read(SPELLING);
        FfnConfig ffn = keys.ffn("hidden_act", "silu");
        ExpertKeys experts = ExpertKeys.of(json, "num_local_experts", 16);
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary)
                .withWindow(json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(0))
                .withExperts(ExpertsConfig.of(experts.numExperts(), ffn.ffnSize(), router(json, experts)));
        ModelConfig config =
                keys.model(modelType(), attention, ffn, Collections.nCopies(keys.sizes().numLayers(), layer))
                        .withNorm(keys.layerNorm("rms_norm_eps", 1e-5))
                        .withHead(keys.head().withBias(json.findBoolean("lm_head_bias", false)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static RouterConfig router(JsonObject json, ExpertKeys experts) throws ModelFormatException {
        double jitter = json.findNumber("router_jitter_noise").orElse(0.01);
        if (!(jitter >= 0)) {
            throw json.refusal("router_jitter_noise", jitter + ", must not be negative");
        }
        RouterConfig router =
                experts.router("num_experts_per_tok", 2, new RouterConfig.SparseMixer((float) jitter));
        if (router.numChosen() != 2) {
            throw json.refusal("num_experts_per_tok", router.numChosen() + ", SparseMixer chooses 2 experts");
        }
        return router;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, new DecoderNames().biasedNorms().experts(ExpertNames.MIXTRAL), weights);
    }
}
