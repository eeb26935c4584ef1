package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.AlibiSlopes;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.EmbeddingConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.HeadConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.ModelSizes;
import io.github.pastkv.model.config.NormConfig;
import io.github.pastkv.model.config.Residual;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;

/**
 * Falcon: one or more key/value heads, stored group by group; norms before both blocks, one for both, or one for each
 * in parallel; RoPE, or ALiBi within the scaled score.
 */
public final class Falcon implements Family {
    private static final DecoderNames ONE_NORM = names().sharedNorm("input_layernorm");
    private static final DecoderNames TWO_NORMS = names().norms("ln_attn", "ln_mlp");
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("ff_factor"); // ffn_hidden_size says it
    private static final DecoderNames NAMES = names();

    @Override
    public String modelType() {
        return "falcon";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("FalconForCausalLM", "FalconModel", "RWForCausalLM");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("hidden_size", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(
                CommonKeys.eitherInt(json, "num_hidden_layers", "n_layer", CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN).orElse(2048));
        int numHeads = CommonKeys.eitherInt(json, "num_attention_heads", "n_head", CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "num_attention_heads", numHeads);
        boolean isNew = json.findBoolean("new_decoder_architecture", false);
        boolean isMultiQuery = json.findBoolean("multi_query", true);
        int stated = json.findInt("num_kv_heads", 1, CommonKeys.MAX_HEADS)
                .orElse(json.findInt("n_head_kv", 1, CommonKeys.MAX_HEADS).orElse(numHeads));
        int numKvHeads = isNew ? stated : isMultiQuery ? 1 : numHeads;
        CommonKeys.requireDivides(json, "num_attention_heads", numHeads, "num_kv_heads", numKvHeads);
        boolean biased = json.findBoolean("bias", false);
        boolean isAlibi = json.findBoolean("alibi", false);
        AttentionConfig attention =
                AttentionConfig.of(numHeads, numKvHeads, hiddenSize / numHeads).withBiases(biased, biased);
        RopeConfig rotary = null;
        if (!isAlibi) {
            rotary = new RopeKeys(json, attention.headDim(), sizes.maxSeqLen()).read(RopeKeys.Spelling.USUAL);
        } else { // the bias is scaled with the score; what is said of RoPE does nothing
            json.findObject("rope_parameters");
            json.findObject("rope_scaling");
            json.findPositive("rope_theta");
            float scale = attention.scaleByHeadDim();
            attention = attention.withAlibi(
                    AlibiSlopes.ofLowerPower(numHeads).stream().map(slope -> slope * scale).toList());
        }
        FfnConfig ffn = new FfnConfig(json.findInt("ffn_hidden_size", 1, CommonKeys.MAX_WIDTH).orElse(4 * hiddenSize),
                CommonKeys.activation(json, "activation", "gelu"), false, biased);
        boolean isParallel = json.findBoolean("parallel_attn", true) || isNew;
        json.findInt("num_ln_in_parallel_attn", 1, 2); // the names of the norms tell
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.plain(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5)), attention,
                ffn,
                LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(), rotary),
                isParallel ? Residual.PARALLEL : Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static DecoderNames names() {
        return new DecoderNames().prefixes("", "transformer.").embedding("word_embeddings")
                .blocks("h.", "self_attention.", "mlp.").qkv(DecoderNames.Qkv.GROUPED, "query_key_value").out("dense")
                .ffn("dense_h_to_4h", "dense_4h_to_h").biasedNorms().finalNorm("ln_f")
                .ignoring("h\\.\\d+\\.self_attention\\.(rotary_emb\\.inv_freq|maybe_rotary\\.inv_freq)");
    }

    private static DecoderNames names(ModelConfig config, WeightSource weights) {
        boolean hasTwo = weights.names().stream().anyMatch(name -> name.endsWith("h.0.ln_mlp.weight"));
        return !config.parallelResidual() ? NAMES : hasTwo ? TWO_NORMS : ONE_NORM;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, names(config, weights), weights);
    }
}
