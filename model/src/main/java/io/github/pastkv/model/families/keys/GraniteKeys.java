package io.github.pastkv.model.families.keys;

import io.github.pastkv.model.config.EmbeddingConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;

/** The factors of Granite's families. */
public final class GraniteKeys {
    private GraniteKeys() {}

    /** A layer with the factors of its scores and blocks. */
    public static LayerConfig layer(JsonObject json, RopeConfig rotary) throws ModelFormatException {
        return LayerConfig.full(factor(json, "attention_multiplier"), rotary)
                .withBlockScale(factor(json, "residual_multiplier"));
    }

    /** The model with the factors of its embeddings and logits. */
    public static ModelConfig scaled(JsonObject json, ModelConfig config) throws ModelFormatException {
        return config
                .withEmbedding(EmbeddingConfig.plain(config.hiddenSize())
                        .withScale(factor(json, "embedding_multiplier")))
                .withHead(config.head().withLogitScale(1 / factor(json, "logits_scaling")));
    }

    private static float factor(JsonObject json, String key) throws ModelFormatException {
        return (float) json.findPositive(key).orElse(1);
    }
}
