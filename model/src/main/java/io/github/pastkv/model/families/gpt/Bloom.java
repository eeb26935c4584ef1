package io.github.pastkv.model.families.gpt;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.weights.WeightMatrix;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Bloom: positions by ALiBi, a norm after the embedding, queries, keys and values stored head by head. Names may
 * lack the prefix {@code transformer.}; its configurations spell sizes in two ways.
 */
public final class Bloom implements Family {
    /** ALiBi has no limit of its own; this is the length that Bloom was trained at. */
    private static final int DEFAULT_MAX_SEQ_LEN = 2048;
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "hidden_dropout",
            "attention_softmax_in_fp32", "bias_dropout_fusion", "masked_softmax_fusion", "n_inner", "offset_alibi",
            "pretraining_tp", "skip_bias_add", "skip_bias_add_qkv", "slow_but_exact");
    private static final Pattern IGNORED = Pattern.compile("");

    @Override
    public String modelType() {
        return "bloom";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("BloomForCausalLM", "BloomModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = CommonKeys.eitherInt(json, "hidden_size", "n_embed", CommonKeys.MAX_WIDTH);
        ModelSizes sizes =
                new ModelSizes(CommonKeys.eitherInt(json, "n_layer", "num_hidden_layers", CommonKeys.MAX_LAYERS),
                        hiddenSize, json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                        json.findInt("seq_length", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_MAX_SEQ_LEN));
        int numHeads = CommonKeys.eitherInt(json, "n_head", "num_attention_heads", CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "n_head", numHeads);
        AttentionConfig attention =
                AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads).withBiases(true, true)
                        .withAlibi(AlibiSlopes.ofLowerPower(numHeads));
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.plain(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_epsilon", 1e-5)), attention,
                new FfnConfig(4 * hiddenSize, Activation.GELU_TANH, false, true),
                LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(), null), residual(json),
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", true)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    private static Residual residual(JsonObject json) throws ModelFormatException {
        return json.findBoolean("apply_residual_connection_post_layernorm", false) ? Residual.NORMED : Residual.SERIAL;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        TensorReader reader = new TensorReader(weights, "transformer.", "word_embeddings.weight", "ln_f.weight");
        WeightMatrix tokens = reader.embedding("word_embeddings.weight", "lm_head.weight", config.tiedHead(),
                config.vocabSize(), config.hiddenSize());
        EmbeddingTensors embedding = new EmbeddingTensors(tokens, null, List.of(),
                reader.norm("word_embeddings_layernorm", config.hiddenSize(), true));
        List<LayerTensors> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            layers.add(layer(reader, "h." + layer + ".", config));
        }
        NormTensors finalNorm = reader.norm("ln_f", config.hiddenSize(), true);
        List<WeightMatrix> head = reader.head(tokens, config.tiedHead(), "lm_head.weight");
        reader.refuseUnknown(IGNORED);
        return new ModelTensors(embedding, layers, finalNorm, List.of(), head, reader.linears(), reader.names());
    }

    private static BlockNorms<NormTensors> norm(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        NormTensors norm = reader.norm(name, config.hiddenSize(), true);
        return config.residual() == Residual.NORMED ? BlockNorms.ofStream(norm) : BlockNorms.before(norm);
    }

    private static LayerTensors layer(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        return new LayerTensors(norm(reader, name + "input_layernorm", config),
                reader.interleavedQkv(name + "self_attention.query_key_value", config.numHeads(), config.headDim(),
                        true),
                null, null, List.of(reader.linear(name + "self_attention.dense", e, e, true)),
                norm(reader, name + "post_attention_layernorm", config),
                List.of(reader.linear(name + "mlp.dense_h_to_4h", f, e, true)),
                List.of(reader.linear(name + "mlp.dense_4h_to_h", e, f, true)));
    }
}
