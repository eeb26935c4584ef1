package io.github.pastkv.model.families.gemma;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.EmbeddingConfig;
import io.github.pastkv.model.config.HeadConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.ModelSizes;
import io.github.pastkv.model.config.Residual;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What Gemma 2 and 3 have in common: Llama's blocks with a norm before and after each, norm weights stored minus 1,
 * embeddings scaled by sqrt(E), a configured scale of scores, and soft caps.
 */
final class Gemma {
    private static final int DEFAULT_KV_HEADS = 4;
    private static final int DEFAULT_HEAD_DIM = 256;
    private static final double DEFAULT_SCORE_SCALAR = 256;
    private static final int DEFAULT_WINDOW = 4096;
    /** {@code hidden_act} stands beside the {@code hidden_activation} that counts. */
    private static final Set<String> HARMLESS_KEYS =
            CommonKeys.harmless("attention_dropout", "cache_implementation", "hidden_act", "sliding_window_size");

    private final JsonObject json;
    private final LlamaKeys keys;

    Gemma(JsonObject json, int defaultMaxSeqLen, Map<String, Integer> defaultSizes) throws ModelFormatException {
        this.json = json;
        this.keys = new LlamaKeys(json, new LlamaKeys.Defaults(defaultMaxSeqLen, OptionalInt.of(DEFAULT_KV_HEADS),
                OptionalInt.of(DEFAULT_HEAD_DIM), 1e-6, true)).withSizes(defaultSizes);
    }

    ModelSizes sizes() throws ModelFormatException {
        return keys.sizes();
    }

    /** @param defaultScoreCap cap of scores where none is named; 0 for none */
    AttentionConfig attention(double defaultScoreCap) throws ModelFormatException {
        boolean biased = json.findBoolean("attention_bias", false);
        return keys.heads().withBiases(biased, biased).withScoreSoftCap(cap("attn_logit_softcapping", defaultScoreCap));
    }

    /** A cap; null says that there is none, which an absent key does not. */
    private float cap(String key, double absent) throws ModelFormatException {
        OptionalDouble stated = json.findPositive(key);
        return json.isNull(key) ? 0f : (float) stated.orElse(absent);
    }

    float scoreScale() throws ModelFormatException {
        return (float) (1 / Math.sqrt(json.findPositive("query_pre_attn_scalar").orElse(DEFAULT_SCORE_SCALAR)));
    }

    int window() throws ModelFormatException {
        return json.findInt("sliding_window", 1, CommonKeys.MAX_SEQ_LEN).orElse(DEFAULT_WINDOW);
    }

    /** The model of these parts. */
    ModelConfig model(String architecture, AttentionConfig attention, List<LayerConfig> layers, double defaultLogitCap)
            throws ModelFormatException {
        ModelSizes sizes = sizes();
        int e = sizes.hiddenSize();
        ModelConfig config = new ModelConfig(architecture, sizes,
                new EmbeddingConfig(e, (float) Math.sqrt(e), false, 0), keys.norm(1f), attention,
                keys.ffn("hidden_activation", "gelu_pytorch_tanh"), layers, Residual.SERIAL,
                new HeadConfig(keys.head().tied(), cap("final_logit_softcapping", defaultLogitCap), true),
                CommonKeys.storageType(json), CommonKeys.tokenIds(json, sizes.vocabSize()));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }
}
