package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.Activation;
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
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Optional;
import java.util.Set;

/**
 * MPT: ALiBi with slopes in an order of its own, LayerNorm without biases, queries, keys and values that may be
 * clipped.
 */
public final class Mpt implements Family {
    /** What the modeling code of transformers does not read either. */
    private static final Set<String> HARMLESS_SETTINGS =
            CommonKeys.harmless("alibi", "alibi_bias_max", "attn_impl", "attn_pdrop",
                    "attn_uses_sequence_id", "dtype", "model_type");
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("emb_pdrop", "resid_pdrop",
            "embedding_fraction", "expansion_ratio", "init_device", "init_config", "learned_pos_emb", "no_bias",
            "norm_type", "verbose", "tokenizer_name", "fc_type", "ffn_config", "loss_fn", "param_init_fn", "init_std",
            "emb_init_std", "init_div_is_residual", "init_gain", "init_nonlinearity", "fan_mode", "attn_impl");
    private static final DecoderNames NAMES = new DecoderNames().prefixes("", "transformer.").embedding("wte")
            .blocks("blocks.", "attn.", "ffn.").qkv(DecoderNames.Qkv.JOINED, "Wqkv").out("out_proj")
            .ffn("up_proj", "down_proj").norms("norm_1", "norm_2").finalNorm("norm_f").ignoring("");

    @Override
    public String modelType() {
        return "mpt";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("MptForCausalLM", "MptModel", "MPTForCausalLM");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("d_model", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("n_layers", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_seq_len", 1, CommonKeys.MAX_SEQ_LEN).orElse(2048));
        int numHeads = json.requireInt("n_heads", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "d_model", hiddenSize, "n_heads", numHeads);
        Optional<JsonObject> settings = json.findObject("attn_config");
        AttentionConfig attention = AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads)
                .withAlibi(AlibiSlopes.ofHigherPower(numHeads)).withClip(number(settings, "clip_qkv", 0f));
        if (settings.isPresent()) {
            String type = settings.get().findString("attn_type").orElse("multihead_attention");
            if (!type.equals("multihead_attention")) {
                throw settings.get().refusal("attn_type", "\"" + type + "\", must be multihead_attention");
            }
        }
        float scale = number(settings, "softmax_scale", attention.scaleByHeadDim());
        if (settings.isPresent()) {
            settings.get().refuseUnknownKeys(HARMLESS_SETTINGS);
        }
        FfnConfig ffn = new FfnConfig(4 * hiddenSize, Activation.GELU, false, false);
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.plain(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5)), attention,
                ffn,
                LayerConfig.equal(sizes.numLayers(), scale, null), Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static float number(Optional<JsonObject> settings, String key, float absent) throws ModelFormatException {
        return settings.isPresent() ? (float) settings.get().findPositive(key).orElse(absent) : absent;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
