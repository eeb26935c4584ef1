package io.github.pastkv.model.family;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.LinearPart;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.EmbeddingConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.HeadConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.ModelSizes;
import io.github.pastkv.model.config.NormConfig;
import io.github.pastkv.model.files.Checkpoint;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Llama 1 to 3 and what shares its blocks (TinyLlama, SmolLM): RMS norm, rotary positions, grouped heads, a gated
 * feed-forward block, tied or untied head. Names may lack the prefix {@code model.}.
 */
final class Llama implements Family {
    private static final int DEFAULT_MAX_SEQ_LEN = 2048;
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "pretraining_tp",
            "max_sequence_length", "is_llama_config", "hidden_dropout", "embd_pdrop", "resid_pdrop");
    /** Frequencies kept by old versions, and a head that repeats the embedding. */
    private static final String FREQUENCIES = "layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq|rotary_emb\\.inv_freq";
    private static final Pattern IGNORED = Pattern.compile(FREQUENCIES);
    private static final Pattern IGNORED_IF_TIED = Pattern.compile(FREQUENCIES + "|lm_head\\.weight");

    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("LlamaForCausalLM", "LLaMAForCausalLM", "LlamaModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        ModelSizes sizes = new ModelSizes(json.requireInt("num_hidden_layers", 1, CommonKeys.MAX_LAYERS),
                json.requireInt("hidden_size", 1, CommonKeys.MAX_WIDTH),
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_MAX_SEQ_LEN));
        NormConfig norm = new NormConfig(NormWeights.Kind.RMS, CommonKeys.epsilon(json, "rms_norm_eps", 1e-6));
        AttentionConfig attention = attention(json, sizes.hiddenSize());
        FfnConfig ffn = new FfnConfig(json.requireInt("intermediate_size", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "hidden_act", "silu"), true, json.findBoolean("mlp_bias", false));
        List<LayerConfig> layers = LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(),
                RotaryKeys.read(json, attention.headDim()));
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.plain(sizes.hiddenSize()), norm,
                attention, ffn, layers, false, HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", false)),
                CommonKeys.storageType(json), CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static AttentionConfig attention(JsonObject json, int hiddenSize) throws ModelFormatException {
        int numHeads = json.requireInt("num_attention_heads", 1, CommonKeys.MAX_HEADS);
        int numKvHeads = json.findInt("num_key_value_heads", 1, CommonKeys.MAX_HEADS).orElse(numHeads);
        CommonKeys.requireDivides(json, "num_attention_heads", numHeads, "num_key_value_heads", numKvHeads);
        OptionalInt headDim = json.findInt("head_dim", 1, CommonKeys.MAX_HEAD_DIM);
        if (headDim.isEmpty()) {
            CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "num_attention_heads", numHeads);
        }
        boolean biased = json.findBoolean("attention_bias", false);
        return AttentionConfig.of(numHeads, numKvHeads, headDim.orElse(hiddenSize / numHeads)).withBiases(biased,
                biased);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, Checkpoint checkpoint) throws ModelFormatException {
        TensorReader reader = new TensorReader(checkpoint, "model.", "embed_tokens.weight");
        int hiddenSize = config.hiddenSize();
        Tensor embedding = reader.tensor("embed_tokens.weight", config.vocabSize(), hiddenSize);
        List<LayerTensors> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            layers.add(layer(reader, "layers." + layer + ".", config));
        }
        NormTensors finalNorm = reader.norm("norm", hiddenSize, false);
        Tensor head = config.tiedHead()
                ? embedding
                : reader.unprefixed("lm_head.weight", config.vocabSize(), hiddenSize);
        reader.refuseUnknown(config.tiedHead() ? IGNORED_IF_TIED : IGNORED);
        return new ModelTensors(EmbeddingTensors.plain(embedding, null), layers, finalNorm, List.of(),
                List.of(new LinearPart(head, null)));
    }

    private static LayerTensors layer(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        int e = config.hiddenSize();
        return new LayerTensors(BlockNorms.before(reader.norm(name + "input_layernorm", e, false)),
                qkv(reader, name, config), null, null,
                List.of(reader.linear(name + "self_attn.o_proj", e, config.numHeads() * config.headDim(),
                        config.attention().outBias())),
                BlockNorms.before(reader.norm(name + "post_attention_layernorm", e, false)),
                ffnUp(reader, name, config),
                List.of(reader.linear(name + "mlp.down_proj", e, config.ffnSize(), config.ffn().bias())));
    }

    private static List<LinearPart> qkv(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        int e = config.hiddenSize();
        int queries = config.numHeads() * config.headDim();
        int keys = config.numKvHeads() * config.headDim();
        boolean biased = config.attention().qkvBias();
        return List.of(reader.linear(name + "self_attn.q_proj", queries, e, biased),
                reader.linear(name + "self_attn.k_proj", keys, e, biased),
                reader.linear(name + "self_attn.v_proj", keys, e, biased));
    }

    private static List<LinearPart> ffnUp(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        boolean biased = config.ffn().bias();
        return List.of(reader.linear(name + "mlp.gate_proj", f, e, biased),
                reader.linear(name + "mlp.up_proj", f, e, biased));
    }
}
