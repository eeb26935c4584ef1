package io.github.pastkv.model.families.llama;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.NormConfig;
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
 * Nemotron 3 and 4, Minitron: LayerNorm whose weights are stored less 1, RoPE over part of a head, squared ReLU without
 * a gate.
 */
public final class Nemotron implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(4096, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "hidden_dropout");
    private static final DecoderNames NAMES = new DecoderNames().biasedNorms();

    @Override
    public String modelType() {
        return "nemotron";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("NemotronForCausalLM", "NemotronModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withPart("partial_rotary_factor", 0.5));
        ModelConfig config = keys.model(modelType(), attention, ffn(json),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary))
                .withNorm(new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "norm_eps", 1e-5), 1f, true));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Without a gate. */
    private static FfnConfig ffn(JsonObject json) throws ModelFormatException {
        return new FfnConfig(json.requireInt("intermediate_size", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "hidden_act", "relu2"), false, json.findBoolean("mlp_bias", false));
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
