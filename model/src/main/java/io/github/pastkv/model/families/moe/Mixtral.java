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
import java.util.OptionalInt;
import java.util.Set;

/** Mixtral: Mistral with experts in all layers. */
public final class Mixtral implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(131072, OptionalInt.of(8), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless("router_jitter_noise"); // for training
    private static final DecoderNames NAMES = new DecoderNames().experts(ExpertNames.MIXTRAL);

    @Override
    public String modelType() {
        return "mixtral";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("MixtralForCausalLM", "MixtralModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads();
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withTheta("rope_theta", 1e6));
        FfnConfig ffn = keys.ffn("hidden_act", "silu");
        ExpertKeys experts = ExpertKeys.of(json, "num_local_experts", 8);
        RouterConfig router = experts.router("num_experts_per_tok", 2, new RouterConfig.Softmax())
                .withNormalization(RouterConfig.Normalization.SUM);
        LayerConfig layer = LayerConfig.full(attention.scaleByHeadDim(), rotary)
                .withWindow(json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(0))
                .withExperts(ExpertsConfig.of(experts.numExperts(), ffn.ffnSize(), router));
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
