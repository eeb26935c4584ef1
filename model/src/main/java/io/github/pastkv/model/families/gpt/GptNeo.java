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

/**
 * GPT-Neo: GPT-2 with scores that are not scaled, separate queries, keys and values without biases, and a sliding
 * window in its local layers, whose caches keep all tokens, as the reference's do. Its linear weights are stored
 * {@code [outputs, inputs]}.
 */
public final class GptNeo implements Family {
    private static final int DEFAULT_MAX_SEQ_LEN = 2048;
    private static final int DEFAULT_WINDOW = 256;
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("jax_dtype", "attention_dropout", "embed_dropout",
                    "resid_dropout", "classifier_dropout", "summary_activation", "summary_first_dropout",
                    "summary_proj_to_labels", "summary_type", "summary_use_proj");
    /** Causal masks kept by old versions. */
    private static final Pattern IGNORED =
            Pattern.compile("h\\.\\d+\\.attn\\.attention\\.(bias|masked_bias)");

    @Override
    public String modelType() {
        return "gpt_neo";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GPTNeoForCausalLM", "GPTNeoModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("hidden_size", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("num_layers", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_MAX_SEQ_LEN));
        int numHeads = json.requireInt("num_heads", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "num_heads", numHeads);
        FfnConfig ffn = new FfnConfig(json.findInt("intermediate_size", 1, CommonKeys.MAX_WIDTH).orElse(4 * hiddenSize),
                CommonKeys.activation(json, "activation_function", "gelu_new"), false, true);
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.withPositions(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5)),
                AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads).withBiases(false, true), ffn,
                layers(json, sizes.numLayers()), Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static List<LayerConfig> layers(JsonObject json, int numLayers) throws ModelFormatException {
        List<String> kinds = json.findRepeated("attention_types");
        List<String> derived = json.findStrings("attention_layers");
        if (!derived.isEmpty() && !kinds.isEmpty() && !derived.equals(kinds)) {
            throw json.refusal("attention_layers", derived + ", but attention_types say " + kinds);
        }
        List<String> stated = kinds.isEmpty() ? derived : kinds;
        int window = json.findInt("window_size", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_WINDOW);
        List<LayerConfig> layers = new ArrayList<>();
        for (int layer = 0; layer < numLayers; layer++) {
            String kind = stated.isEmpty() ? (layer % 2 == 0 ? "global" : "local") : kind(json, stated, layer);
            layers.add(new LayerConfig(1f, kind.equals("local") ? window : 0, false, null));
        }
        if (!stated.isEmpty() && stated.size() != numLayers) {
            throw json.refusal("attention_types", stated.size() + " layers, num_layers is " + numLayers);
        }
        return layers;
    }

    private static String kind(JsonObject json, List<String> stated, int layer) throws ModelFormatException {
        String kind = layer < stated.size() ? stated.get(layer) : "";
        if (!kind.equals("global") && !kind.equals("local")) {
            throw json.refusal("attention_types",
                    stated + ", must be global or local for each layer of num_layers");
        }
        return kind;
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
        String attention = name + "attn.attention.";
        return new LayerTensors(BlockNorms.before(reader.norm(name + "ln_1", e, true)),
                List.of(reader.linear(attention + "q_proj", e, e, false),
                        reader.linear(attention + "k_proj", e, e, false),
                        reader.linear(attention + "v_proj", e, e, false)),
                null, null, List.of(reader.linear(attention + "out_proj", e, e, true)),
                BlockNorms.before(reader.norm(name + "ln_2", e, true)),
                List.of(reader.linear(name + "mlp.c_fc", f, e, true)),
                List.of(reader.linear(name + "mlp.c_proj", e, f, true)));
    }
}
