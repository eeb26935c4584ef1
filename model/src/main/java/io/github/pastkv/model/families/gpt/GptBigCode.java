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

/**
 * GPT-BigCode (SantaCoder, StarCoder): GPT-2 with one key/value head, or one for each query head stored head by head.
 */
public final class GptBigCode implements Family {
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attn_pdrop", "embd_pdrop", "resid_pdrop",
            "n_ctx", "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "inference_runner",
            "max_batch_size", "max_sequence_length", "pad_key_length", "pre_allocate_kv_cache", "validate_runner_input",
            "gradient_checkpointing", "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
            "summary_type", "summary_use_proj");
    private static final DecoderNames NAMES = new DecoderNames().prefixes("", "transformer.").embedding("wte")
            .positions("wpe").blocks("h.", "attn.", "mlp.").qkv(DecoderNames.Qkv.GROUPED, "c_attn").out("c_proj")
            .ffn("c_fc", "c_proj").norms("ln_1", "ln_2").biasedNorms().finalNorm("ln_f")
            .ignoring("h\\.\\d+\\.attn\\.(bias|masked_bias)");

    @Override
    public String modelType() {
        return "gpt_bigcode";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GPTBigCodeForCausalLM", "GPTBigCodeModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("n_embd", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("n_layer", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("n_positions", 1, CommonKeys.MAX_SEQ_LEN).orElse(1024));
        int numHeads = json.requireInt("n_head", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "n_embd", hiddenSize, "n_head", numHeads);
        boolean isMultiQuery = json.findBoolean("multi_query", true);
        int numKvHeads = isMultiQuery ? 1 : numHeads;
        int stated = json.findInt("num_key_value_heads", 1, CommonKeys.MAX_HEADS).orElse(numKvHeads);
        if (stated != numKvHeads) {
            throw json.refusal("num_key_value_heads", stated + ", but multi_query is " + isMultiQuery);
        }
        AttentionConfig attention =
                AttentionConfig.of(numHeads, numKvHeads, hiddenSize / numHeads).withBiases(true, true);
        FfnConfig ffn = new FfnConfig(json.findInt("n_inner", 1, CommonKeys.MAX_WIDTH).orElse(4 * hiddenSize),
                CommonKeys.activation(json, "activation_function", "gelu_pytorch_tanh"), false, true);
        float scale = json.findBoolean("scale_attn_weights", true) ? attention.scaleByHeadDim() : 1f;
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.withPositions(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5)), attention,
                ffn,
                LayerConfig.equal(sizes.numLayers(), scale, null), Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
