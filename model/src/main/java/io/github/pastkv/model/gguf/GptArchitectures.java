package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Architectures with queries, keys and values in one tensor and names of their own. */
final class GptArchitectures {
    private static final float ALIBI_BIAS = 8;
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
    private static final TensorNames MPT = TensorNames.LLAMA
            .outer("transformer.blocks.",
                    Map.of("token_embd", "transformer.wte", "output_norm", "transformer.norm_f", "output", "lm_head"))
            .inner(Map.of("attn_norm", "norm_1", "attn_qkv", "attn.Wqkv", "attn_output", "attn.out_proj", "ffn_norm",
                    "norm_2", "ffn_up", "ffn.up_proj", "ffn_down", "ffn.down_proj"));

    static final Map<String, Architecture> ALL = Map.of(
            "gpt2", new Architecture(keys -> gpt2(keys, "gpt2"), GPT2),
            "starcoder", new Architecture(GptArchitectures::starcoder, GPT2),
            "gptneox", new Architecture(GptArchitectures::gptNeoX, NEOX),
            "falcon", new Architecture(GptArchitectures::falcon, GptArchitectures::falconNames),
            "bloom", new Architecture(GptArchitectures::bloom, BLOOM),
            "mpt", new Architecture(GptArchitectures::mpt, MPT));

    private GptArchitectures() {}

    private static ConfigKeys gpt2(ConfigKeys keys, String modelType) throws ModelFormatException {
        return keys.put("model_type", modelType).put("n_embd", keys.size("embedding_length"))
                .put("n_layer", keys.numLayers()).put("n_head", keys.heads().numHeads())
                .put("n_positions", keys.size("context_length")).put("n_inner", keys.size("feed_forward_length"))
                .put("vocab_size", keys.vocabSize()).put("tie_word_embeddings", keys.isTied())
                .putEpsilon("layer_norm_epsilon");
    }

    /** GPT-BigCode: GPT-2 with one key/value head. */
    private static void starcoder(ConfigKeys keys) throws ModelFormatException {
        if (keys.heads().numKvHeads() != 1) {
            throw keys.refusal("attention.head_count_kv", keys.heads().numKvHeads() + ", only 1 is supported");
        }
        gpt2(keys, "gpt_bigcode").put("multi_query", true);
    }

    private static void gptNeoX(ConfigKeys keys) throws ModelFormatException {
        keys.put("model_type", "gpt_neox").putSizes().putEpsilon("layer_norm_eps").putRope()
                .put("use_parallel_residual", keys.requireBoolean("use_parallel_residual"))
                .put("attention_bias", keys.hasQkvBias());
        keys.config().remove("head_dim");
        keys.config().remove("num_key_value_heads");
    }

    /** One key/value head, or the newer form with several. */
    private static void falcon(ConfigKeys keys) throws ModelFormatException {
        boolean isMultiQuery = keys.heads().numKvHeads() == 1;
        keys.put("model_type", "falcon").putSizes().putEpsilon("layer_norm_epsilon").putRope()
                .put("num_kv_heads", keys.heads().numKvHeads()).put("multi_query", isMultiQuery)
                .put("new_decoder_architecture", !isMultiQuery).put("bias", keys.hasQkvBias())
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

    private static int requireFourfoldFfn(ConfigKeys keys) throws ModelFormatException {
        int width = keys.size("embedding_length");
        keys.requireOnly("feed_forward_length", 4 * width, "must be 4 times embedding_length " + width);
        return width;
    }

    private static void bloom(ConfigKeys keys) throws ModelFormatException {
        keys.put("model_type", "bloom").put("hidden_size", requireFourfoldFfn(keys)).put("n_layer", keys.numLayers())
                .put("n_head", keys.heads().numHeads()).put("seq_length", keys.size("context_length"))
                .put("vocab_size", keys.vocabSize()).put("tie_word_embeddings", keys.isTied())
                .putEpsilon("layer_norm_epsilon");
    }

    private static void mpt(ConfigKeys keys) throws ModelFormatException {
        keys.requireNear("attention.max_alibi_bias", ALIBI_BIAS);
        keys.put("model_type", "mpt").put("d_model", requireFourfoldFfn(keys)).put("n_layers", keys.numLayers())
                .put("n_heads", keys.heads().numHeads()).put("max_seq_len", keys.size("context_length"))
                .put("vocab_size", keys.vocabSize()).put("tie_word_embeddings", keys.isTied())
                .putEpsilon("layer_norm_epsilon");
        Map<String, Object> attention = new LinkedHashMap<>();
        attention.put("alibi", true);
        keys.number("attention.clamp_kqv").ifPresent(clip -> attention.put("clip_qkv", clip));
        keys.put("attn_config", attention);
    }
}
