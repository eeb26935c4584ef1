package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What GGUF calls an architecture: how its metadata reads as a {@code config.json}, and how its tensors read as those
 * of a Hugging Face checkpoint. A further one is one further line of {@link #ALL}.
 *
 * @param config writes the keys of {@code config.json}
 * @param names of tensors, given those of the file
 */
record Architecture(Config config, Names names) {
    private static final TensorNames LLAMA = TensorNames.LLAMA
            .order(Map.of("attn_q", RowOrder.ROTARY_PAIRS, "attn_k", RowOrder.ROTARY_PAIRS));
    private static final TensorNames HEAD_NORMS =
            TensorNames.LLAMA.with(Map.of("attn_q_norm", "self_attn.q_norm", "attn_k_norm", "self_attn.k_norm"));
    /** Norms before and after both blocks. */
    private static final Map<String, String> FOUR_NORMS = Map.of("post_attention_norm", "post_attention_layernorm",
            "ffn_norm", "pre_feedforward_layernorm", "post_ffw_norm", "post_feedforward_layernorm");
    private static final TensorNames OLMO2 = HEAD_NORMS.with(Map.of("post_attention_norm", "post_attention_layernorm",
            "post_ffw_norm", "post_feedforward_layernorm"));
    private static final TensorNames GPT2 = TensorNames.LLAMA
            .outer("transformer.h.",
                    Map.of("token_embd", "transformer.wte", "position_embd", "transformer.wpe", "output_norm",
                            "transformer.ln_f", "output", "lm_head"))
            .inner(Map.of("attn_norm", "ln_1", "attn_qkv", "attn.c_attn", "attn_output", "attn.c_proj", "ffn_norm",
                    "ln_2", "ffn_up", "mlp.c_fc", "ffn_down", "mlp.c_proj"));
    private static final TensorNames NEOX = TensorNames.LLAMA
            .outer("gpt_neox.layers.",
                    Map.of("token_embd", "gpt_neox.embed_in", "output_norm", "gpt_neox.final_layer_norm", "output",
                            "embed_out"))
            .inner(Map.of("attn_norm", "input_layernorm", "attn_qkv", "attention.query_key_value", "attn_output",
                    "attention.dense", "ffn_norm", "post_attention_layernorm", "ffn_up", "mlp.dense_h_to_4h",
                    "ffn_down", "mlp.dense_4h_to_h"))
            .order(Map.of("attn_qkv", RowOrder.QKV_APART));
    private static final TensorNames BLOOM = TensorNames.LLAMA
            .outer("transformer.h.",
                    Map.of("token_embd", "transformer.word_embeddings", "token_embd_norm",
                            "transformer.word_embeddings_layernorm", "output_norm", "transformer.ln_f", "output",
                            "lm_head"))
            .inner(Map.of("attn_norm", "input_layernorm", "attn_qkv", "self_attention.query_key_value", "attn_output",
                    "self_attention.dense", "ffn_norm", "post_attention_layernorm", "ffn_up", "mlp.dense_h_to_4h",
                    "ffn_down", "mlp.dense_4h_to_h"))
            .order(Map.of("attn_qkv", RowOrder.QKV_APART));

    /** By the value of {@code general.architecture}. */
    private static final Map<String, Architecture> ALL = new TreeMap<>(Map.ofEntries(
            Map.entry("llama", new Architecture(Architecture::llama, _ -> LLAMA)),
            Map.entry("qwen2", new Architecture(keys -> rms(keys, "qwen2"), _ -> TensorNames.LLAMA)),
            Map.entry("qwen3", new Architecture(keys -> rms(keys, "qwen3"), _ -> HEAD_NORMS)),
            Map.entry("gemma", new Architecture(keys -> rms(keys, "gemma"),
                    _ -> TensorNames.LLAMA.withNormsPlusOne())),
            Map.entry("gemma2", new Architecture(Architecture::gemma2,
                    _ -> TensorNames.LLAMA.with(FOUR_NORMS).withNormsPlusOne())),
            Map.entry("gemma3", new Architecture(Architecture::gemma3,
                    _ -> HEAD_NORMS.with(FOUR_NORMS).withNormsPlusOne())),
            Map.entry("phi3", new Architecture(Architecture::phi3, _ -> TensorNames.LLAMA
                    .with(Map.of("attn_qkv", "self_attn.qkv_proj", "ffn_up", "mlp.gate_up_proj")))),
            Map.entry("olmo2", new Architecture(Architecture::olmo2, _ -> OLMO2)),
            Map.entry("starcoder2", new Architecture(Architecture::starcoder2,
                    _ -> TensorNames.LLAMA.with(Map.of("ffn_up", "mlp.c_fc", "ffn_down", "mlp.c_proj")))),
            Map.entry("gpt2", new Architecture(Architecture::gpt2, _ -> GPT2)),
            Map.entry("gptneox", new Architecture(Architecture::gptNeoX, _ -> NEOX)),
            Map.entry("falcon", new Architecture(Architecture::falcon, Architecture::falconNames)),
            Map.entry("bloom", new Architecture(Architecture::bloom, _ -> BLOOM))));

    /** Writes what the metadata says. */
    @FunctionalInterface
    interface Config {
        void write(ConfigKeys keys) throws ModelFormatException;
    }

    /** Chooses the table of names. */
    @FunctionalInterface
    interface Names {
        TensorNames of(GgufTensors tensors);
    }

    /** Names of all, in order. */
    static Set<String> allNames() {
        return ALL.keySet();
    }

    static Optional<Architecture> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    /** Sizes, RMS norm and RoPE under the keys that most families share. */
    private static void rms(ConfigKeys keys, String modelType) throws ModelFormatException {
        keys.put("model_type", modelType).putSizes().putRmsEpsilon("rms_norm_eps").putRope();
    }

    private static void llama(ConfigKeys keys) throws ModelFormatException {
        keys.requireOnly("expert_count", 0, "mixtures of experts are not supported");
        keys.requireOnly("expert_used_count", 0, "mixtures of experts are not supported");
        rms(keys, "llama");
        keys.put("attention_bias", keys.hasTensor("blk.0.attn_q.bias"))
                .put("mlp_bias", keys.hasTensor("blk.0.ffn_up.bias"));
    }

    /** Scores are divided by the root of the head size, in the largest model of each by that of hidden / heads. */
    private static void gemma(ConfigKeys keys, int layersOfLargest) throws ModelFormatException {
        keys.putSizes().putRmsEpsilon("rms_norm_eps").putWindow();
        RowOrder.Heads heads = keys.heads();
        keys.put("query_pre_attn_scalar", keys.numLayers() == layersOfLargest
                ? (double) keys.size("embedding_length") / heads.numHeads()
                : heads.headDim());
        keys.number("attention.scale"); // llama.cpp's rule above does not read it
        putCap(keys, "final_logit_softcapping");
    }

    private static void putCap(ConfigKeys keys, String name) throws ModelFormatException {
        keys.number(name).ifPresent(cap -> keys.put(name, cap));
    }

    private static void gemma2(ConfigKeys keys) throws ModelFormatException {
        gemma(keys.put("model_type", "gemma2"), 46);
        keys.number("attn_logit_softcapping").ifPresent(cap -> keys.put("attn_logit_softcapping", cap));
        keys.putLayerTypes(2).putRope();
    }

    private static void gemma3(ConfigKeys keys) throws ModelFormatException {
        gemma(keys.put("model_type", "gemma3_text"), 62);
        keys.putLayerTypes(6).put("rope_parameters", Map.of("full_attention", keys.rope(), "sliding_attention",
                Map.of("rope_theta", keys.number("rope.freq_base_swa").orElse(10000))));
    }

    private static void phi3(ConfigKeys keys) throws ModelFormatException {
        rms(keys, "phi3");
        keys.putWindow();
    }

    /** OLMo 3 goes by the same name and has windows. */
    private static void olmo2(ConfigKeys keys) throws ModelFormatException {
        boolean isWindowed = keys.size("attention.sliding_window", 0) > 0;
        rms(keys, isWindowed ? "olmo3" : "olmo2");
        if (isWindowed) {
            keys.putWindow().putLayerTypes(4);
        }
    }

    private static void starcoder2(ConfigKeys keys) throws ModelFormatException {
        keys.put("model_type", "starcoder2").putSizes().putEpsilon("norm_epsilon").putRope().put("use_bias",
                keys.hasTensor("blk.0.attn_q.bias"));
    }

    private static void gpt2(ConfigKeys keys) throws ModelFormatException {
        keys.put("model_type", "gpt2").put("n_embd", keys.size("embedding_length")).put("n_layer", keys.numLayers())
                .put("n_head", keys.heads().numHeads()).put("n_positions", keys.size("context_length"))
                .put("n_inner", keys.size("feed_forward_length")).put("vocab_size", keys.vocabSize())
                .put("tie_word_embeddings", keys.isTied()).putEpsilon("layer_norm_epsilon");
    }

    private static void gptNeoX(ConfigKeys keys) throws ModelFormatException {
        keys.put("model_type", "gpt_neox").putSizes().putEpsilon("layer_norm_eps").putRope()
                .put("use_parallel_residual", keys.requireBoolean("use_parallel_residual"))
                .put("attention_bias", keys.hasTensor("blk.0.attn_qkv.bias"));
        keys.config().remove("head_dim");
        keys.config().remove("num_key_value_heads");
    }

    /** One key/value head, or the newer form with several. */
    private static void falcon(ConfigKeys keys) throws ModelFormatException {
        boolean isMultiQuery = keys.heads().numKvHeads() == 1;
        keys.put("model_type", "falcon").putSizes().putEpsilon("layer_norm_epsilon").putRope()
                .put("num_kv_heads", keys.heads().numKvHeads()).put("multi_query", isMultiQuery)
                .put("new_decoder_architecture", !isMultiQuery).put("bias", keys.hasTensor("blk.0.attn_qkv.bias"))
                .put("ffn_hidden_size", keys.size("feed_forward_length"));
        keys.note("tensor_data_layout");
        for (String unused : Set.of("head_dim", "num_key_value_heads", "intermediate_size")) {
            keys.config().remove(unused);
        }
    }

    private static TensorNames falconNames(GgufTensors tensors) {
        boolean hasTwoNorms = tensors.has("blk.0.attn_norm_2.weight");
        return BLOOM.with(hasTwoNorms
                ? Map.of("attn_norm", "ln_mlp", "attn_norm_2", "ln_attn")
                : Map.of("attn_norm", "input_layernorm"));
    }

    private static void bloom(ConfigKeys keys) throws ModelFormatException {
        int width = keys.size("embedding_length");
        keys.requireOnly("feed_forward_length", 4 * width, "must be 4 times embedding_length " + width);
        keys.put("model_type", "bloom").put("hidden_size", width).put("n_layer", keys.numLayers())
                .put("n_head", keys.heads().numHeads()).put("seq_length", keys.size("context_length"))
                .put("vocab_size", keys.vocabSize()).put("tie_word_embeddings", keys.isTied())
                .putEpsilon("layer_norm_epsilon");
    }
}
