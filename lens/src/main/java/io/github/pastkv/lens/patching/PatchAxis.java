package io.github.pastkv.lens.patching;

import io.github.pastkv.model.config.ModelConfig;
import java.util.Locale;

/** An axis of a grid. */
public enum PatchAxis {
    /** Layers, L. */
    LAYER,
    /** Positions of the prompt, T: those of the queries. */
    POSITION,
    /** Query heads, H. */
    HEAD,
    /** Key/value heads, K. */
    KV_HEAD,
    /** Positions of the prompt, T: those attended to. */
    SOURCE_POSITION;

    /** Its length. */
    int length(ModelConfig config, int numTokens) {
        return switch (this) {
            case LAYER -> config.numLayers();
            case POSITION, SOURCE_POSITION -> numTokens;
            case HEAD -> config.numHeads();
            case KV_HEAD -> config.numKvHeads();
        };
    }

    /** Its name in results: {@code layer}, {@code position}, {@code head}, {@code kv_head}, {@code source_position}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
