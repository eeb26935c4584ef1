package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.DefaultRope;
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
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Set;

/** CodeGen: GPT-J with queries, values and keys stored as one in four blocks of heads. */
public final class CodeGen implements Family {
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attn_pdrop", "embd_pdrop", "resid_pdrop",
            "n_ctx", "rotary", "scale_attn_weights", "gradient_checkpointing", "summary_activation",
            "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj");
    private static final DecoderNames NAMES = new DecoderNames().prefixes("", "transformer.").embedding("wte")
            .blocks("h.", "attn.", "mlp.").qkv(DecoderNames.Qkv.FOUR_BLOCKS, "qkv_proj").out("out_proj")
            .ffn("fc_in", "fc_out").sharedNorm("ln_1").biasedNorms()
            .finalNorm("ln_f").biasedHead()
            .ignoring("h\\.\\d+\\.attn\\.(bias|masked_bias|causal_mask)");

    @Override
    public String modelType() {
        return "codegen";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("CodeGenForCausalLM", "CodeGenModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("n_embd", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("n_layer", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("n_positions", 1, CommonKeys.MAX_SEQ_LEN).orElse(2048));
        int numHeads = json.requireInt("n_head", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "n_embd", hiddenSize, "n_head", numHeads);
        CommonKeys.requireDivides(json, "n_head", numHeads, "the number of blocks", 4);
        AttentionConfig attention = AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads);
        int rotaryDim = json.requireInt("rotary_dim", 2, CommonKeys.MAX_HEAD_DIM);
        if (rotaryDim % 2 != 0 || rotaryDim > attention.headDim()) {
            throw json.refusal("rotary_dim", rotaryDim + " of " + attention.headDim() + " dimensions, must be even");
        }
        RopeConfig rotary = new RopeConfig(rotaryDim, 10000, new DefaultRope()).interleaved();
        FfnConfig ffn = new FfnConfig(json.findInt("n_inner", 1, CommonKeys.MAX_WIDTH).orElse(4 * hiddenSize),
                CommonKeys.activation(json, "activation_function", "gelu_new"), false, true);
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.plain(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5)), attention,
                ffn,
                LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(), rotary), Residual.PARALLEL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", false)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
