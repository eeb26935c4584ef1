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
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;

/** XGLM: computed sinusoidal positions, embeddings scaled by sqrt(E). */
public final class Xglm implements Family {
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("activation_dropout", "attention_dropout", "dropout", "layerdrop", "init_std");
    private static final DecoderNames NAMES =
            new DecoderNames().prefixes("", "model.").blocks("layers.", "self_attn.", "")
                    .out("out_proj").ffn("fc1", "fc2").norms("self_attn_layer_norm", "final_layer_norm").biasedNorms()
                    .finalNorm("layer_norm").head("lm_head").ignoring("embed_positions\\.weights");

    @Override
    public String modelType() {
        return "xglm";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("XGLMForCausalLM", "XGLMModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("d_model", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("num_layers", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, SinusoidalPositions.MAX_SEQ_LEN).orElse(2048));
        int numHeads = json.requireInt("attention_heads", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "d_model", hiddenSize, "attention_heads", numHeads);
        AttentionConfig attention =
                AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads).withBiases(true, true);
        FfnConfig ffn = new FfnConfig(json.requireInt("ffn_dim", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "activation_function", "gelu"), false, true);
        float scale = json.findBoolean("scale_embedding", true) ? (float) Math.sqrt(hiddenSize) : 1f;
        ModelConfig config = new ModelConfig(modelType(), sizes,
                new EmbeddingConfig(hiddenSize, scale, true, SinusoidalPositions.FIRST_ROW),
                new NormConfig(NormWeights.Kind.LAYER, 1e-5f), attention, ffn,
                LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(), null), Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights,
                SinusoidalPositions.table(config.maxSeqLen(), config.hiddenSize(),
                        config.tokenIds().pad()));
    }
}
