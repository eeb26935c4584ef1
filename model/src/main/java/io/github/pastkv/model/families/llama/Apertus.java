package io.github.pastkv.model.families.llama;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.Llama3Rope;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Apertus: norms of each query and key head, an activation with two trained numbers per layer, and RoPE scaling as in
 * Llama 3.1 by default.
 */
public final class Apertus implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(65536, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Llama3Rope UNSAID = new Llama3Rope(8, 1, 4, 8192);
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("qk_norm", "post_norm"); // transformers reads neither
    private static final DecoderNames NAMES = new DecoderNames().norms("attention_layernorm", "feedforward_layernorm");

    @Override
    public String modelType() {
        return "apertus";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("ApertusForCausalLM", "ApertusModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean isSaid = json.isObject("rope_parameters") || json.isObject("rope_scaling");
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased).withHeadNorms(HeadNorms.SHARED);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withTheta("rope_theta", 12_000_000));
        ModelConfig config = keys.model(modelType(), attention, ffn(json, keys),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), isSaid ? rotary
                        : new RopeConfig(rotary.rotaryDim(), rotary.theta(), UNSAID)));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static FfnConfig ffn(JsonObject json, LlamaKeys keys) throws ModelFormatException {
        int ffnSize = json.requireInt("intermediate_size", 1, CommonKeys.MAX_WIDTH);
        boolean isXielu = json.findString("hidden_act").orElse("xielu").equals("xielu");
        Activation activation = isXielu ? Activation.XIELU : keys.ffn("hidden_act", "silu").activation();
        return new FfnConfig(ffnSize, activation, false, false);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
