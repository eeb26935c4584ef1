package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Architectures with experts, or that may have them. A file holds all experts as one tensor for each projection of a
 * layer; the checkpoint's names are those of single experts.
 */
final class ExpertArchitectures {
    private static final int SOFTMAX = 1;
    private static final int SIGMOID = 2;
    /** Which of Llama 4's models has no norms of heads: its number of experts. */
    private static final int EXPERTS_OF_MAVERICK = 128;
    private static final int CHUNK_OF_LLAMA4 = 8192;

    /** Experts and router of Mixtral. */
    private static final Map<String, String> MIXTRAL = Map.of("ffn_gate_inp", "block_sparse_moe.gate", "ffn_gate_exps",
            "block_sparse_moe.experts.*.w1", "ffn_up_exps", "block_sparse_moe.experts.*.w3", "ffn_down_exps",
            "block_sparse_moe.experts.*.w2");

    private static final Map<String, String> QWEN = experts("mlp.", "gate");
    private static final Map<String, String> DEEPSEEK = joined(QWEN, shared("mlp.shared_experts."),
            Map.of("exp_probs_b.bias", "mlp.gate.e_score_correction_bias"));
    /** Layers that predict further tokens, which are not read. */
    private static final Map<String, String> NEXT_LAYERS = Stream
            .of("eh_proj", "embed_tokens", "enorm", "hnorm", "shared_head_head", "shared_head_norm")
            .collect(Collectors.toMap("nextn."::concat, name -> name));

    private static final Map<String, String> LATENTS = Map.of("attn_q_a", "self_attn.q_a_proj", "attn_q_a_norm",
            "self_attn.q_a_layernorm", "attn_q_b", "self_attn.q_b_proj", "attn_kv_a_mqa",
            "self_attn.kv_a_proj_with_mqa", "attn_kv_a_norm", "self_attn.kv_a_layernorm", "attn_kv_b",
            "self_attn.kv_b_proj", "attn_k_b", "self_attn.k_b_proj", "attn_v_b", "self_attn.v_b_proj");

    static final Map<String, Architecture> ALL = Map.ofEntries(
            Map.entry("llama", new Architecture(ExpertArchitectures::llama,
                    LlamaArchitectures.ROTARY_PAIRS.with(MIXTRAL))),
            Map.entry("qwen2moe", new Architecture(ExpertArchitectures::qwen2, TensorNames.LLAMA.with(joined(QWEN,
                    shared("mlp.shared_expert."), Map.of("ffn_gate_inp_shexp", "mlp.shared_expert_gate"))))),
            Map.entry("qwen3moe",
                    new Architecture(ExpertArchitectures::qwen3, LlamaArchitectures.HEAD_NORMS.with(QWEN))),
            Map.entry("olmoe", new Architecture(ExpertArchitectures::olmoe, LlamaArchitectures.HEAD_NORMS.with(QWEN))),
            Map.entry("granitemoe", new Architecture(ExpertArchitectures::granite,
                    LlamaArchitectures.ROTARY_PAIRS.with(experts("block_sparse_moe.", "router.layer")))),
            Map.entry("gpt-oss", new Architecture(ExpertArchitectures::gptOss,
                    TensorNames.LLAMA.with(joined(experts("mlp.", "router"), Map.of("attn_sinks.weight",
                            "self_attn.sinks", "post_attention_norm", "post_attention_layernorm"))))),
            Map.entry("phimoe", new Architecture(ExpertArchitectures::phi, TensorNames.LLAMA.with(MIXTRAL))),
            Map.entry("glm4moe", new Architecture(ExpertArchitectures::glm4,
                    LlamaArchitectures.HEAD_NORMS.with(joined(DEEPSEEK, NEXT_LAYERS,
                            Map.of("post_attention_norm", "post_attention_layernorm"))))),
            Map.entry("dots1",
                    new Architecture(ExpertArchitectures::dots1, LlamaArchitectures.HEAD_NORMS.with(DEEPSEEK))),
            Map.entry("ernie4_5-moe",
                    new Architecture(ExpertArchitectures::ernie45, TensorNames.LLAMA.with(joined(DEEPSEEK,
                            Map.of("exp_probs_b.bias", "mlp.moe_statics.e_score_correction_bias"))))),
            Map.entry("llama4", new Architecture(ExpertArchitectures::llama4, TensorNames.LLAMA.with(joined(
                    experts("feed_forward.", "router"), shared("feed_forward.shared_expert."),
                    Map.of("ffn_gate", "feed_forward.gate_proj", "ffn_up", "feed_forward.up_proj", "ffn_down",
                            "feed_forward.down_proj"))))),
            Map.entry("deepseek2", new Architecture(ExpertArchitectures::deepSeek2,
                    TensorNames.LLAMA.with(joined(DEEPSEEK, LATENTS)))));

    private ExpertArchitectures() {}

    private static Map<String, String> experts(String block, String router) {
        return joined(Map.of("ffn_gate_inp", block + router), Map.of("ffn_gate_exps",
                block + "experts.*.gate_proj", "ffn_up_exps", block + "experts.*.up_proj", "ffn_down_exps",
                block + "experts.*.down_proj"));
    }

    private static Map<String, String> shared(String block) {
        return Map.of("ffn_gate_shexp", block + "gate_proj", "ffn_up_shexp", block + "up_proj", "ffn_down_shexp",
                block + "down_proj");
    }

    @SafeVarargs
    private static Map<String, String> joined(Map<String, String>... parts) {
        Map<String, String> all = new HashMap<>();
        for (Map<String, String> part : parts) {
            all.putAll(part);
        }
        return all;
    }

    /** Sizes, RMS norm, RoPE, the number of experts and of those that a token takes. */
    private static ConfigKeys moe(ConfigKeys keys, String modelType, String countKey) throws ModelFormatException {
        if (keys.numExperts() == 0) {
            throw keys.refusal("expert_count", "missing or 0, must be an integer above");
        }
        return LlamaArchitectures.rms(keys, modelType).put(countKey, keys.numExperts())
                .put("num_experts_per_tok", keys.size("expert_used_count"));
    }

    /** The width of experts where it is not that of dense layers. */
    private static ConfigKeys putExpertSize(ConfigKeys keys) throws ModelFormatException {
        return keys.put("moe_intermediate_size", keys.size("expert_feed_forward_length",
                keys.size("feed_forward_length") / keys.size("expert_used_count")));
    }

    private static void requireScores(ConfigKeys keys, int gatingFunction, String name) throws ModelFormatException {
        keys.requireOnly("expert_gating_func", gatingFunction, "only " + gatingFunction + " (" + name
                + ") is supported");
    }

    /** Llama, or with experts Mixtral. */
    private static void llama(ConfigKeys keys) throws ModelFormatException {
        if (keys.numExperts() == 0) {
            keys.requireOnly("expert_used_count", 0, "but there is no expert_count");
            LlamaArchitectures.rms(keys, "llama").putBiases();
            return;
        }
        requireScores(keys, SOFTMAX, "softmax");
        moe(keys, "mixtral", "num_local_experts");
    }

    /** Layers without a router are dense. */
    private static void putDenseLayers(ConfigKeys keys) {
        keys.put("mlp_only_layers", IntStream.range(0, keys.numLayers())
                .filter(layer -> !keys.hasTensor("blk." + layer + ".ffn_gate_inp.weight")).boxed().toList());
    }

    private static void qwen2(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SOFTMAX, "softmax");
        putExpertSize(moe(keys, "qwen2_moe", "num_experts"));
        keys.put("shared_expert_intermediate_size",
                keys.size("expert_shared_feed_forward_length", keys.size("feed_forward_length")))
                .put("norm_topk_prob", keys.isTrue("expert_weights_norm", false))
                .put("qkv_bias", keys.hasQkvBias());
        putDenseLayers(keys);
    }

    private static void qwen3(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SOFTMAX, "softmax");
        putExpertSize(moe(keys, "qwen3_moe", "num_experts"));
        keys.put("norm_topk_prob", keys.isTrue("expert_weights_norm", true));
        putDenseLayers(keys);
    }

    private static void olmoe(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SOFTMAX, "softmax");
        moe(keys, "olmoe", "num_experts").put("norm_topk_prob", keys.isTrue("expert_weights_norm", false))
                .putNumber("clip_qkv", "attention.clamp_kqv");
    }

    private static void granite(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SOFTMAX, "softmax");
        LlamaArchitectures.graniteFactors(moe(keys, "granitemoe", "num_local_experts"));
    }

    /** Every other layer has a window; YaRN is not cut to whole dimensions where the file does not say so. */
    private static void gptOss(ConfigKeys keys) throws ModelFormatException {
        int size = keys.size("feed_forward_length");
        keys.requireOnly("expert_feed_forward_length", size, "must equal feed_forward_length " + size);
        Map<String, Object> rope = new HashMap<>(keys.rope());
        if ("yarn".equals(rope.get("rope_type"))) {
            rope.putIfAbsent("truncate", false);
        }
        moe(keys, "gpt_oss", "num_local_experts").put("rope_parameters", rope).putWindow().putLayerTypes(2)
                .put("attention_bias", keys.hasQkvBias());
    }

    /** Its RMS epsilon is that of LayerNorm; experts are chosen by SparseMixer, as transformers has it. */
    private static void phi(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SOFTMAX, "softmax");
        Map<String, Object> rope = new HashMap<>(keys.rope());
        if ("longrope".equals(rope.get("rope_type"))) {
            Object factor = rope.remove("attention_factor");
            if (factor == null) {
                throw keys.refusal("rope.scaling.attn_factor", "missing, must be a number");
            }
            rope.putAll(Map.of("short_mscale", factor, "long_mscale", factor));
        }
        moe(keys, "phimoe", "num_local_experts").put("rope_parameters", rope).putWindow()
                .put("attention_bias", keys.hasQkvBias())
                .put("lm_head_bias", keys.hasTensor("output.bias"));
    }

    /** DeepSeek's choice of experts, in the layers behind some dense ones. */
    private static ConfigKeys deepSeek(ConfigKeys keys, String modelType, int gatingFunction)
            throws ModelFormatException {
        requireScores(keys, gatingFunction, gatingFunction == SIGMOID ? "sigmoid" : "softmax");
        putExpertSize(moe(keys, modelType, "n_routed_experts"));
        return keys.put("n_shared_experts", keys.size("expert_shared_count", 0))
                .put("first_k_dense_replace", keys.size("leading_dense_block_count", 0))
                .put("norm_topk_prob", keys.isTrue("expert_weights_norm", false))
                .put("routed_scaling_factor", keys.number("expert_weights_scale").orElse(1))
                .put("n_group", keys.size("expert_group_count", 1))
                .put("topk_group", keys.size("expert_group_used_count", 1));
    }

    private static void glm4(ConfigKeys keys) throws ModelFormatException {
        deepSeek(keys, "glm4_moe", SIGMOID).put("attention_bias", keys.hasQkvBias())
                .put("use_qk_norm", keys.hasTensor("blk.0.attn_q_norm.weight"))
                .put("num_hidden_layers", keys.numLayers() - keys.size("nextn_predict_layers", 0));
    }

    private static void dots1(ConfigKeys keys) throws ModelFormatException {
        deepSeek(keys, "dots1", SIGMOID).put("sliding_window", null).put("attention_bias", keys.hasQkvBias());
    }

    /** DeepSeek V2, and where there is a correction of scores V3. */
    private static void deepSeek2(ConfigKeys keys) throws ModelFormatException {
        boolean isV3 = IntStream.range(0, keys.numLayers())
                .anyMatch(layer -> keys.hasTensor("blk." + layer + ".exp_probs_b.bias"));
        Map<String, Object> rope = new HashMap<>(keys.rope());
        int rotaryDim = keys.size("rope.dimension_count");
        rope.remove("partial_rotary_factor"); // it is of the rotary part alone
        int groups = keys.size("expert_group_count", 1);
        deepSeek(keys, isV3 ? "deepseek_v3" : "deepseek_v2", isV3 ? SIGMOID : SOFTMAX).put("rope_parameters", rope)
                .put("q_lora_rank", keys.hasTensor("blk.0.attn_q_a.weight") ? keys.size("attention.q_lora_rank") : null)
                .put("kv_lora_rank", keys.size("attention.kv_lora_rank")).put("qk_rope_head_dim", rotaryDim)
                .put("qk_nope_head_dim", keys.heads().headDim() - rotaryDim)
                .put("v_head_dim", keys.size("attention.value_length_mla", keys.size("attention.value_length")));
        keys.config().remove("head_dim");
        if (!isV3) {
            keys.put("topk_method", groups == 1 ? "greedy" : "group_limited_greedy");
        }
    }

    /** The width of the shared expert, which the converter guesses, follows from the number of shared experts. */
    private static void ernie45(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SOFTMAX, "softmax");
        putExpertSize(moe(keys, "ernie4_5_moe", "moe_num_experts"));
        keys.size("expert_shared_feed_forward_length", 0);
        keys.put("moe_k", keys.size("expert_used_count"))
                .put("moe_num_shared_experts", keys.size("expert_shared_count", 0))
                .put("moe_layer_start_index", keys.size("leading_dense_block_count", 0))
                .put("moe_layer_interval", keys.size("interleave_moe_layer_step", 1))
                .put("use_bias", keys.hasQkvBias());
        keys.config().remove("num_experts_per_tok");
    }

    /** What the file does not say is as llama.cpp has it: chunks, temperature and which layers have no RoPE. */
    private static void llama4(ConfigKeys keys) throws ModelFormatException {
        requireScores(keys, SIGMOID, "sigmoid");
        keys.requireOnly("attention.sliding_window", CHUNK_OF_LLAMA4, "only chunks of 8192 are supported");
        moe(keys, "llama4_text", "num_local_experts")
                .put("intermediate_size_mlp", keys.size("feed_forward_length"))
                .put("intermediate_size", keys.size("expert_feed_forward_length"))
                .put("interleave_moe_layer_step", keys.size("interleave_moe_layer_step", 1))
                .put("attention_chunk_size", CHUNK_OF_LLAMA4)
                .put("use_qk_norm", keys.numExperts() != EXPERTS_OF_MAVERICK);
    }
}
