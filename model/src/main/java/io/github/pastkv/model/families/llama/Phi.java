package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.Residual;
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
 * Phi 1, 1.5 and 2: both blocks in parallel from one LayerNorm, RoPE over part of a head, biases everywhere, the head
 * included.
 */
public final class Phi implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "embd_pdrop", "resid_pdrop");
    private static final DecoderNames NAMES = new DecoderNames().biasedNorms()
            .sharedNorm("input_layernorm").out("dense").ffn("fc1", "fc2").headNorms("q_layernorm", "k_layernorm")
            .finalNorm("final_layernorm").biasedHead();

    @Override
    public String modelType() {
        return "phi";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("PhiForCausalLM", "PhiModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        AttentionConfig attention = keys.heads().withBiases(true, true)
                .withHeadNorms(json.findBoolean("qk_layernorm", false) ? HeadNorms.SHARED : HeadNorms.NONE);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withPart("partial_rotary_factor", 0.5));
        requireSameRotaryDim(json, rotary.rotaryDim());
        ModelConfig config = keys.model(modelType(), attention, ffn(json),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary))
                .withNorm(keys.layerNorm("layer_norm_eps", 1e-5)).withResidual(Residual.PARALLEL);
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Phi-1 says the same twice; transformers reads the other key. */
    private static void requireSameRotaryDim(JsonObject json, int rotaryDim) throws ModelFormatException {
        int stated = json.findInt("rotary_dim", 1, CommonKeys.MAX_WIDTH).orElse(rotaryDim);
        if (stated != rotaryDim) {
            throw json.refusal("rotary_dim", stated + ", but partial_rotary_factor makes it " + rotaryDim);
        }
    }

    /** Without a gate. */
    private static FfnConfig ffn(JsonObject json) throws ModelFormatException {
        return new FfnConfig(json.requireInt("intermediate_size", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "hidden_act", "gelu_new"), false, true);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
