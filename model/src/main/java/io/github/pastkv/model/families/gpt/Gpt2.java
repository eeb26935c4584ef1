package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.weights.WeightMatrix;
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
import io.github.pastkv.model.families.tensors.TensorReader;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.EmbeddingTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * GPT-2: layer norm, learned positions, biases everywhere, usually a tied head. Its linear weights are stored
 * {@code [inputs, outputs]}, queries, keys and values as one; names may lack the prefix {@code transformer.}.
 */
public final class Gpt2 implements Family {
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("n_ctx", "n_special", "predict_special_tokens", "attn_pdrop", "embd_pdrop",
                    "resid_pdrop", "reorder_and_upcast_attn", "summary_activation", "summary_first_dropout",
                    "summary_proj_to_labels", "summary_type", "summary_use_proj");
    /** Causal masks kept by old versions. */
    private static final Pattern IGNORED =
            Pattern.compile("h\\.\\d+\\.attn\\.(bias|masked_bias)");

    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GPT2LMHeadModel", "GPT2Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("n_embd", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("n_layer", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.requireInt("n_positions", 1, CommonKeys.MAX_SEQ_LEN));
        NormConfig norm = new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5));
        FfnConfig ffn = new FfnConfig(json.findInt("n_inner", 1, CommonKeys.MAX_WIDTH).orElse(4 * hiddenSize),
                CommonKeys.activation(json, "activation_function", "gelu_new"), false, true);
        AttentionConfig attention = attention(json, hiddenSize);
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.withPositions(hiddenSize), norm,
                attention, ffn, layers(json, sizes.numLayers(), attention.headDim()), Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static AttentionConfig attention(JsonObject json, int hiddenSize) throws ModelFormatException {
        int numHeads = json.requireInt("n_head", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "n_embd", hiddenSize, "n_head", numHeads);
        return AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads).withBiases(true, true);
    }

    private static List<LayerConfig> layers(JsonObject json, int numLayers, int headDim) throws ModelFormatException {
        double divisor = json.findBoolean("scale_attn_weights", true) ? Math.sqrt(headDim) : 1;
        boolean byLayer = json.findBoolean("scale_attn_by_inverse_layer_idx", false);
        return IntStream.range(0, numLayers).mapToObj(
                layer -> new LayerConfig((float) (1 / (divisor * (byLayer ? layer + 1 : 1))), 0, false, null)).toList();
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        TensorReader reader = new TensorReader(weights, "transformer.", "wte.weight", "ln_f.weight");
        int hiddenSize = config.hiddenSize();
        WeightMatrix embedding = reader.embedding("wte.weight", "lm_head.weight", config.tiedHead(),
                config.vocabSize(), hiddenSize);
        Tensor positions = reader.tensor("wpe.weight", config.maxSeqLen(), hiddenSize);
        List<LayerTensors> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            layers.add(layer(reader, "h." + layer + ".", config));
        }
        NormTensors finalNorm = reader.norm("ln_f", hiddenSize, true);
        List<WeightMatrix> head = reader.head(embedding, config.tiedHead(), "lm_head.weight");
        reader.refuseUnknown(IGNORED);
        return new ModelTensors(EmbeddingTensors.plain(embedding, positions), layers, finalNorm, List.of(), head,
                reader.linears(), reader.names());
    }

    private static LayerTensors layer(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        return new LayerTensors(BlockNorms.before(reader.norm(name + "ln_1", e, true)),
                List.of(reader.transposedLinear(name + "attn.c_attn", 3 * e, e, true)), null, null,
                List.of(reader.transposedLinear(name + "attn.c_proj", e, e, true)),
                BlockNorms.before(reader.norm(name + "ln_2", e, true)),
                List.of(reader.transposedLinear(name + "mlp.c_fc", f, e, true)),
                List.of(reader.transposedLinear(name + "mlp.c_proj", e, f, true)));
    }
}
