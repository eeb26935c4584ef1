package io.github.pastkv.model.families.moe;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.families.keys.ExpertKeys;
import io.github.pastkv.model.families.keys.GraniteKeys;
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

/** Granite with experts: weights are the softmax over the logits of the chosen experts. */
public final class GraniteMoe implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-6, false);
    private static final Set<String> HARMLESS_KEYS = ExpertKeys.harmless();
    private static final DecoderNames NAMES = new DecoderNames().experts(new ExpertNames("block_sparse_moe.",
            "router.layer", "", ExpertNames.Storage.STACKED, "", "input_linear.weight", "output_linear.weight", "",
            ""));

    @Override
    public String modelType() {
        return "granitemoe";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GraniteMoeForCausalLM", "GraniteMoeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        FfnConfig ffn = keys.ffn("hidden_act", "silu");
        ExpertKeys experts = ExpertKeys.of(json, "num_local_experts", 8);
        LayerConfig layer = GraniteKeys.layer(json, rotary).withExperts(ExpertsConfig.of(experts.numExperts(),
                ffn.ffnSize(), experts.router("num_experts_per_tok", 2, new RouterConfig.SoftmaxOfChosen())));
        ModelConfig config = GraniteKeys.scaled(json,
                keys.model(modelType(), attention, ffn, Collections.nCopies(keys.sizes().numLayers(), layer)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
