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
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
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
 * GPT-NeoX and Pythia: both blocks read the same residual stream (or run one after the other, if configured), RoPE
 * applies to part of each head, and queries, keys and values are stored head by head. Names may lack the prefix
 * {@code gpt_neox.}.
 */
public final class GptNeoX implements Family {
    private static final int DEFAULT_MAX_SEQ_LEN = 2048;
    private static final RopeKeys.Spelling SPELLING =
            RopeKeys.Spelling.USUAL.withTheta("rotary_emb_base", 10000).withPart("rotary_pct", 0.25);
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "attention_probs_dropout_prob", "hidden_dropout_prob",
                    "custom_pipelines", "hidden_dropout", "classifier_dropout");
    /** Causal masks and frequencies kept by old versions. */
    private static final Pattern IGNORED =
            Pattern.compile("layers\\.\\d+\\.attention\\.(bias|masked_bias|rotary_emb\\.inv_freq)"
                    + "|rotary_emb\\.inv_freq");

    @Override
    public String modelType() {
        return "gpt_neox";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GPTNeoXForCausalLM", "GPTNeoXModel");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        json.findStrings("architectures");
        json.findString("model_type");
        int hiddenSize = json.requireInt("hidden_size", 1, CommonKeys.MAX_WIDTH);
        ModelSizes sizes = new ModelSizes(json.requireInt("num_hidden_layers", 1, CommonKeys.MAX_LAYERS), hiddenSize,
                json.requireInt("vocab_size", 1, CommonKeys.MAX_VOCAB),
                json.findInt("max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_MAX_SEQ_LEN));
        int numHeads = json.requireInt("num_attention_heads", 1, CommonKeys.MAX_HEADS);
        CommonKeys.requireDivides(json, "hidden_size", hiddenSize, "num_attention_heads", numHeads);
        boolean biased = json.findBoolean("attention_bias", true);
        AttentionConfig attention =
                AttentionConfig.of(numHeads, numHeads, hiddenSize / numHeads).withBiases(biased, biased);
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), sizes.maxSeqLen()).read(SPELLING);
        FfnConfig ffn = new FfnConfig(json.requireInt("intermediate_size", 1, CommonKeys.MAX_WIDTH),
                CommonKeys.activation(json, "hidden_act", "gelu"), false, true);
        ModelConfig config = new ModelConfig(modelType(), sizes, EmbeddingConfig.plain(hiddenSize),
                new NormConfig(NormWeights.Kind.LAYER, CommonKeys.epsilon(json, "layer_norm_eps", 1e-5)), attention,
                ffn, LayerConfig.equal(sizes.numLayers(), attention.scaleByHeadDim(), rotary),
                json.findBoolean("use_parallel_residual", true) ? Residual.PARALLEL : Residual.SERIAL,
                HeadConfig.uncapped(json.findBoolean("tie_word_embeddings", false)), CommonKeys.storageType(json),
                CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        TensorReader reader = new TensorReader(weights, "gpt_neox.", "embed_in.weight",
                "final_layer_norm.weight");
        WeightMatrix embedding = reader.embedding("embed_in.weight", "embed_out.weight", config.tiedHead(),
                config.vocabSize(), config.hiddenSize());
        List<LayerTensors> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            layers.add(layer(reader, "layers." + layer + ".", config));
        }
        NormTensors finalNorm = reader.norm("final_layer_norm", config.hiddenSize(), true);
        List<WeightMatrix> head = reader.head(embedding, config.tiedHead(), "embed_out.weight");
        reader.refuseUnknown(IGNORED);
        return new ModelTensors(EmbeddingTensors.plain(embedding, null), layers, finalNorm, List.of(), head,
                reader.linears(), reader.names());
    }

    private static LayerTensors layer(TensorReader reader, String name, ModelConfig config)
            throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        return new LayerTensors(BlockNorms.before(reader.norm(name + "input_layernorm", e, true)),
                reader.interleavedQkv(name + "attention.query_key_value", config.numHeads(), config.headDim(),
                        config.attention().qkvBias()),
                null, null, List.of(reader.linear(name + "attention.dense", e, e, config.attention().outBias())),
                BlockNorms.before(reader.norm(name + "post_attention_layernorm", e, true)),
                List.of(reader.linear(name + "mlp.dense_h_to_4h", f, e, true)),
                List.of(reader.linear(name + "mlp.dense_4h_to_h", e, f, true)));
    }
}
