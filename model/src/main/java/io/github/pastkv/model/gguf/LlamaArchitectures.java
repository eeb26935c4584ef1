package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.util.Map;

/** Architectures with RMS norms and the blocks of Llama; Llama itself, which may have experts, is beside those. */
final class LlamaArchitectures {
    /** Rows of queries and keys in the order that only a few converters write. */
    static final TensorNames ROTARY_PAIRS = TensorNames.LLAMA
            .order(Map.of("attn_q", RowOrder.ROTARY_PAIRS, "attn_k", RowOrder.ROTARY_PAIRS));
    static final TensorNames HEAD_NORMS =
            TensorNames.LLAMA.with(Map.of("attn_q_norm", "self_attn.q_norm", "attn_k_norm", "self_attn.k_norm"));

    private static final TensorNames NORMS_AFTER = HEAD_NORMS.with(Map.of("post_attention_norm",
            "post_attention_layernorm", "post_ffw_norm", "post_feedforward_layernorm"));
    private static final TensorNames JOINED_GATE = TensorNames.LLAMA.with(Map.of("ffn_up", "mlp.gate_up_proj"));

    static final Map<String, Architecture> ALL = Map.ofEntries(
            Map.entry("qwen2", new Architecture(keys -> rms(keys, "qwen2"), TensorNames.LLAMA)),
            Map.entry("qwen3", new Architecture(keys -> rms(keys, "qwen3"), HEAD_NORMS)),
            Map.entry("phi3", new Architecture(LlamaArchitectures::phi3,
                    JOINED_GATE.with(Map.of("attn_qkv", "self_attn.qkv_proj")))),
            Map.entry("olmo2", new Architecture(LlamaArchitectures::olmo2, NORMS_AFTER)),
            Map.entry("granite", new Architecture(LlamaArchitectures::granite, ROTARY_PAIRS)),
            Map.entry("smollm3", new Architecture(keys -> rms(keys, "smollm3").putBiases(), ROTARY_PAIRS)),
            Map.entry("arcee", new Architecture(keys -> rms(keys, "arcee").putBiases(), ROTARY_PAIRS)),
            Map.entry("chatglm", new Architecture(keys -> glm(keys, "glm"), JOINED_GATE)),
            Map.entry("glm4", new Architecture(keys -> glm(keys, "glm4"),
                    JOINED_GATE.with(Map.of("post_attention_norm", "post_self_attn_layernorm", "post_ffw_norm",
                            "post_mlp_layernorm")))),
            Map.entry("exaone4", new Architecture(LlamaArchitectures::exaone4, NORMS_AFTER)),
            Map.entry("ernie4_5", new Architecture(LlamaArchitectures::ernie45, TensorNames.LLAMA)),
            Map.entry("hunyuan-dense", new Architecture(LlamaArchitectures::hunYuan,
                    TensorNames.LLAMA.with(Map.of("attn_q_norm", "self_attn.query_layernorm", "attn_k_norm",
                            "self_attn.key_layernorm")))),
            Map.entry("apertus", new Architecture(LlamaArchitectures::apertus,
                    HEAD_NORMS.with(Map.of("attn_norm", "attention_layernorm", "ffn_norm", "feedforward_layernorm")))),
            Map.entry("seed_oss", new Architecture(LlamaArchitectures::seedOss,
                    TensorNames.LLAMA.with(Map.of("post_attention_norm", "post_attention_layernorm")))));

    private LlamaArchitectures() {}

    /** Sizes, RMS norm and RoPE under the keys that most families share. */
    static ConfigKeys rms(ConfigKeys keys, String modelType) throws ModelFormatException {
        return keys.put("model_type", modelType).putSizes().putRmsEpsilon("rms_norm_eps").putRope();
    }

    private static void phi3(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "phi3").putWindow();
    }

    /** OLMo 3 goes by the same name and has windows. */
    private static void olmo2(ConfigKeys keys) throws ModelFormatException {
        boolean isWindowed = keys.size("attention.sliding_window", 0) > 0;
        rms(keys, isWindowed ? "olmo3" : "olmo2");
        if (isWindowed) {
            keys.putWindow().putLayerTypes(4);
        }
    }

    private static void granite(ConfigKeys keys) throws ModelFormatException {
        graniteFactors(rms(keys, "granite").putBiases());
    }

    static void graniteFactors(ConfigKeys keys) throws ModelFormatException {
        keys.putNumber("attention_multiplier", "attention.scale")
                .putNumber("embedding_multiplier", "embedding_scale")
                .putNumber("residual_multiplier", "residual_scale").putNumber("logits_scaling", "logit_scale");
    }

    private static void glm(ConfigKeys keys, String modelType) throws ModelFormatException {
        rms(keys, modelType).put("attention_bias", keys.hasQkvBias());
    }

    /** Without a window all layers have RoPE; with one, only the layers that have it. */
    private static void exaone4(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "exaone4").put("sliding_window", null).putWindow();
        if (keys.size("attention.sliding_window", 0) > 0) {
            keys.putLayerTypes(4);
        }
    }

    private static void ernie45(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "ernie4_5").put("use_bias", keys.hasQkvBias());
    }

    /** The factor of the base is multiplied into it already. */
    private static void hunYuan(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "hunyuan_v1_dense").put("attention_bias", keys.hasQkvBias());
    }

    /** The parameters of xIELU are numbers for each layer in the metadata, under keys without the architecture. */
    private static void apertus(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "apertus").put("attention_bias", keys.hasQkvBias()).put("hidden_act", "xielu");
        for (String parameter : new String[] {"alpha_p", "alpha_n", "beta", "eps"}) {
            boolean isScalar = !parameter.startsWith("alpha");
            float[] numbers = keys.numbersByLayer("xielu." + parameter);
            for (int layer = 0; layer < numbers.length; layer++) {
                Tensor number = Tensor.of(new float[] {numbers[layer]}, isScalar ? new long[0] : new long[] {1});
                keys.putTensor("model.layers." + layer + ".mlp.act_fn." + parameter, number);
            }
        }
    }

    private static void seedOss(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "seed_oss").putBiases().put("attention_out_bias", keys.hasTensor("blk.0.attn_output.bias"));
    }
}
