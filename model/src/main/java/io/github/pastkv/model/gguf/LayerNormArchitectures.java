package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.Map;

/** Architectures with LayerNorm and, apart from that, the names of Llama. */
final class LayerNormArchitectures {
    private static final double OLMO_EPSILON = 1e-5;
    private static final TensorNames PHI2 = TensorNames.LLAMA
            .outer("model.layers.", Map.of("token_embd", "model.embed_tokens", "output_norm", "model.final_layernorm",
                    "output", "lm_head"))
            .with(Map.of("attn_output", "self_attn.dense", "ffn_up", "mlp.fc1", "ffn_down", "mlp.fc2"));

    static final Map<String, Architecture> ALL = Map.of(
            "starcoder2", new Architecture(LayerNormArchitectures::starcoder2,
                    TensorNames.LLAMA.with(Map.of("ffn_up", "mlp.c_fc", "ffn_down", "mlp.c_proj"))),
            "stablelm", new Architecture(LayerNormArchitectures::stableLm,
                    TensorNames.LLAMA.with(Map.of("attn_q_norm", "self_attn.q_layernorm", "attn_k_norm",
                            "self_attn.k_layernorm"))),
            "command-r", new Architecture(LayerNormArchitectures::commandR, LlamaArchitectures.HEAD_NORMS),
            "cohere2", new Architecture(LayerNormArchitectures::cohere2, TensorNames.LLAMA),
            "nemotron", new Architecture(LayerNormArchitectures::nemotron, TensorNames.LLAMA.withNormsPlusOne()),
            "olmo", new Architecture(LayerNormArchitectures::olmo, LlamaArchitectures.ROTARY_PAIRS),
            "phi2", new Architecture(LayerNormArchitectures::phi2, PHI2));

    private LayerNormArchitectures() {}

    private static ConfigKeys layerNorm(ConfigKeys keys, String modelType, String epsilonKey)
            throws ModelFormatException {
        return keys.put("model_type", modelType).putSizes().putEpsilon(epsilonKey).putRope();
    }

    private static void starcoder2(ConfigKeys keys) throws ModelFormatException {
        layerNorm(keys, "starcoder2", "norm_epsilon").put("use_bias", keys.hasQkvBias());
    }

    /** Blocks are in parallel where there is one norm, as in llama.cpp; converters write the key also where not. */
    private static void stableLm(ConfigKeys keys) throws ModelFormatException {
        keys.noteBoolean("use_parallel_residual");
        layerNorm(keys, "stablelm", "layer_norm_eps").put("use_qkv_bias", keys.hasQkvBias())
                .put("use_parallel_residual", !keys.hasTensor("blk.0.ffn_norm.weight"))
                .put("qk_layernorm", keys.hasTensor("blk.0.attn_q_norm.weight"));
    }

    private static void commandR(ConfigKeys keys) throws ModelFormatException {
        layerNorm(keys, "cohere", "layer_norm_eps").putNumber("logit_scale", "logit_scale")
                .put("attention_bias", keys.hasQkvBias())
                .put("use_qk_norm", keys.hasTensor("blk.0.attn_q_norm.weight"));
    }

    /** Every fourth layer has neither window nor RoPE, where the file does not say otherwise. */
    private static void cohere2(ConfigKeys keys) throws ModelFormatException {
        layerNorm(keys, "cohere2", "layer_norm_eps").putNumber("logit_scale", "logit_scale")
                .put("attention_bias", keys.hasQkvBias()).putWindow().putLayerTypes(4);
    }

    private static void nemotron(ConfigKeys keys) throws ModelFormatException {
        layerNorm(keys, "nemotron", "norm_eps").putBiases();
        keys.number("attention.layer_norm_rms_epsilon"); // its converter writes norm_eps under both keys
    }

    /** Norms without weights, whose epsilon is part of the family. */
    private static void olmo(ConfigKeys keys) throws ModelFormatException {
        keys.requireNear("attention.layer_norm_epsilon", OLMO_EPSILON);
        keys.put("model_type", "olmo").putSizes().putRope().putBiases().putNumber("clip_qkv", "attention.clamp_kqv");
        keys.config().remove("mlp_bias");
    }

    private static void phi2(ConfigKeys keys) throws ModelFormatException {
        layerNorm(keys, "phi", "layer_norm_eps");
    }
}
