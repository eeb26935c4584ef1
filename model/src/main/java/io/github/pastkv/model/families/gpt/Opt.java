package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.NormWeights;
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
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;

/**
 * OPT: learned positions that begin at row 2, ReLU; in one size (350m) norms after the blocks and embeddings of another
 * width than the residual stream. Names begin with {@code model.decoder.}, {@code decoder.} or neither.
 */
public final class Opt implements Family {
    private static final int DEFAULT_MAX_SEQ_LEN = 2048;
    /** torch.nn.LayerNorm's own. */
    private static final float EPSILON = 1e-5f;
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "activation_dropout", "dropout", "layerdrop", "init_std",
                    "learned_embeddings");

    @Override
    public String modelType() {
        return "opt";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("OPTForCausalLM", "OPTModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("hidden_size", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("num_hidden_layers", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_MAX_SEQ_LEN));
        int width = json.findInt("word_embed_proj_dim", 1, CommonKeys.MAX_WIDTH).orElse(hiddenSize);
        boolean biased = json.findBoolean("enable_bias", true);
        FfnConfig ffn = new FfnConfig(json.requireInt("ffn_dim", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "activation_function", "relu"), false, biased);
        boolean normsBefore = json.findBoolean("do_layer_norm_before", true);
        boolean hasFinalNorm = !json.findBoolean("_remove_final_layer_norm", false) || !normsBefore;
        AttentionConfig attention = attention(json, hiddenSize).withBiases(biased, biased);
        ModelConfig config = new ModelConfig(modelType(), sizes,
                new EmbeddingConfig(width, 1f, true, OptTensors.FIRST_POSITION_ROW),
                new NormConfig(NormWeights.Kind.LAYER, EPSILON, 0f,
                        json.findBoolean("layer_norm_elementwise_affine", true)),
                attention, ffn, LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(), null),
                normsBefore ? Residual.SERIAL : Residual.NORMED,
                new HeadConfig(json.findBoolean("tie_word_embeddings", true), 0f, hasFinalNorm),
                CommonKeys.storageType(json), CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static AttentionConfig attention(JsonObject json, int hiddenSize) throws ModelFormatException {
        int numHeads = json.requireInt("num_attention_heads", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "num_attention_heads", numHeads);
        return AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads);
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return new OptTensors(config, weights).read();
    }
}
