package io.github.pastkv.model.families.keys;

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
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The keys that Llama and its many descendants spell alike: RMS norm, grouped heads, a gated feed-forward block. Absent
 * keys have the family's defaults in transformers 5.
 */
public final class LlamaKeys {
    /**
     * What holds where a key is absent.
     *
     * @param maxSeqLen of {@code max_position_embeddings}
     * @param numKvHeads of {@code num_key_value_heads}, or empty for as many as query heads
     * @param headDim of {@code head_dim}, or empty for the hidden size shared among the heads
     * @param epsilon of {@code rms_norm_eps}
     * @param tiedHead of {@code tie_word_embeddings}
     */
    public record Defaults(int maxSeqLen, OptionalInt numKvHeads, OptionalInt headDim, double epsilon,
            boolean tiedHead) {}

    private final JsonObject json;
    private final Defaults defaults;
    private final Map<String, Integer> absentSizes;
    private final OptionalInt numLayers;

    private LlamaKeys(JsonObject json, Defaults defaults, Map<String, Integer> absentSizes, OptionalInt numLayers) {
        this.json = json;
        this.defaults = defaults;
        this.absentSizes = absentSizes;
        this.numLayers = numLayers;
    }

    public LlamaKeys(JsonObject json, Defaults defaults) throws ModelFormatException {
        this(json, defaults, Map.of(), OptionalInt.empty());
        json.findStrings("architectures");
        json.findString("model_type");
    }

    /**
     * Settings that leave out sizes, as the text part of a multimodal model does where they are the family's defaults.
     *
     * @param absent sizes by key
     */
    public LlamaKeys withSizes(Map<String, Integer> absent) {
        return new LlamaKeys(json, defaults, absent, numLayers);
    }

    /** The same with a number of layers that another key than {@code num_hidden_layers} gives. */
    public LlamaKeys withNumLayers(int newNumLayers) {
        return new LlamaKeys(json, defaults, absentSizes, OptionalInt.of(newNumLayers));
    }

    private int size(String key, int max) throws ModelFormatException {
        OptionalInt stated = json.findInt(key, 1, max);
        return stated.isPresent() || !absentSizes.containsKey(key)
                ? json.requireInt(key, 1, max)
                : absentSizes.get(key);
    }

    public ModelSizes sizes() throws ModelFormatException {
        return new ModelSizes(
                numLayers.isPresent() ? numLayers.getAsInt() : size("num_hidden_layers", CommonKeys.MAX_LAYERS),
                size("hidden_size", CommonKeys.MAX_WIDTH), size("vocab_size", CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN).orElse(defaults.maxSeqLen));
    }

    public NormConfig norm(float weightOffset) throws ModelFormatException {
        return new NormConfig(NormWeights.Kind.RMS, CommonKeys.epsilon(json, "rms_norm_eps", defaults.epsilon),
                weightOffset, true);
    }

    /** LayerNorm in the place of RMS norm. */
    public NormConfig layerNorm(String epsilonKey, double epsilon) throws ModelFormatException {
        return new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, epsilonKey, epsilon));
    }

    /** Heads without biases or caps. */
    public AttentionConfig heads() throws ModelFormatException {
        int numHeads = size("num_attention_heads", CommonKeys.MAX_HEADS);
        int numKvHeads = json.isNull("num_key_value_heads")
                ? numHeads
                : json.findInt("num_key_value_heads", 1, CommonKeys.MAX_HEADS)
                        .orElse(defaults.numKvHeads.orElse(numHeads));
        CommonKeys.requireDivides(json, "num_attention_heads", numHeads, "num_key_value_heads", numKvHeads);
        return AttentionConfig.of(numHeads, numKvHeads, headDim(numHeads));
    }

    private int headDim(int numHeads) throws ModelFormatException {
        OptionalInt stated = json.findInt("head_dim", 1, CommonKeys.MAX_HEAD_DIM);
        if (stated.isPresent() || (defaults.headDim.isPresent() && !json.isNull("head_dim"))) {
            return stated.orElseGet(defaults.headDim::getAsInt);
        }
        int hiddenSize = size("hidden_size", CommonKeys.MAX_WIDTH);
        CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "num_attention_heads", numHeads);
        return hiddenSize / numHeads;
    }

    /** A gated block without biases. */
    public FfnConfig ffn(String activationKey, String activation) throws ModelFormatException {
        return new FfnConfig(size("intermediate_size", CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, activationKey, activation), true, false);
    }

    /** A head without a cap. */
    public HeadConfig head() throws ModelFormatException {
        return HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", defaults.tiedHead));
    }

    /** The model of these parts, with plain embeddings. */
    public ModelConfig model(String architecture, AttentionConfig attention, FfnConfig ffn, List<LayerConfig> layers)
            throws ModelFormatException {
        ModelSizes sizes = sizes();
        return new ModelConfig(architecture, sizes, EmbeddingConfig.plain(sizes.hiddenSize()), norm(0f), attention, ffn,
                layers, Residual.SERIAL, head(), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
    }
}
