package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.LayerConfig;
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
import java.util.Collections;
import java.util.OptionalInt;
import java.util.Set;

/**
 * StarCoder 2: LayerNorm, one switch for all biases, a feed-forward block without a gate, perhaps a window in all
 * layers.
 */
public final class Starcoder2 implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(4096, OptionalInt.of(2), OptionalInt.empty(), 1e-5, true);
    /** Published files still have keys of GPT-BigCode, which transformers does not read here. */
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "embedding_dropout",
            "residual_dropout", "norm_type", "mlp_type", "activation_function", "layer_norm_epsilon",
            "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "scale_attn_weights");
    private static final DecoderNames NAMES = new DecoderNames().biasedNorms().ffn("c_fc", "c_proj");

    @Override
    public String modelType() {
        return "starcoder2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Starcoder2ForCausalLM", "Starcoder2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("use_bias", true);
        AttentionConfig attention = keys.heads().withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL);
        ModelConfig config = keys.model(modelType(), attention, ffn(json, biased),
                Collections.nCopies(keys.sizes().numLayers(), LayerConfig.full(attention.scaleByHeadDim(), rotary)
                        .withWindow(json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(0))))
                .withNorm(keys.layerNorm("norm_epsilon", 1e-5));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    /** Without a gate. */
    private static FfnConfig ffn(JsonObject json, boolean biased) throws ModelFormatException {
        return new FfnConfig(json.requireInt("intermediate_size", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "hidden_act", "gelu_pytorch_tanh"), false, biased);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
