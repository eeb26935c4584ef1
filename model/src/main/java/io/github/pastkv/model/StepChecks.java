package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.engine.StepInput;
import java.util.Objects;

/**
 * Checks of what a session's steps run over: whether a step may run part of the layers, which only a frozen cache
 * allows, and whether every row has a last token.
 */
final class StepChecks {
    private StepChecks() {}

    /** Rejects null, and a residual stream that enters after the first layer, unless the cache is frozen. */
    static void requireEnterable(StepInput input, KvCache cache) {
        int startAtLayer = startAtLayer(input);
        if (startAtLayer > 0) {
            requireFrozen("startAtLayer", startAtLayer, cache);
        }
    }

    /** Rejects null, an end before the start or where the model cannot be cut, and a cache that is not frozen. */
    static void requireStop(StepInput input, int stopAtLayer, ModelConfig config, KvCache cache) {
        int startAtLayer = startAtLayer(input);
        if (stopAtLayer < startAtLayer || stopAtLayer > config.numLayers()) {
            throw new IllegalArgumentException("stopAtLayer: " + stopAtLayer + ", must be in [" + startAtLayer + ", "
                    + config.numLayers() + "]");
        }
        StepInput.requireCut("stopAtLayer", stopAtLayer, config);
        requireFrozen("stopAtLayer", stopAtLayer, cache);
    }

    /** Rejects new slots of which a row has no token. */
    static void requireLastTokens(AttentionMask mask) {
        for (int row = 0; row < mask.batchSize(); row++) {
            if (mask.numReal(row) == 0) {
                throw new IllegalArgumentException("mask: row " + row + " has no token, so it has no last one");
            }
        }
    }

    private static int startAtLayer(StepInput input) {
        Objects.requireNonNull(input, "input: null");
        return input instanceof StepInput.Residual stream ? stream.startAtLayer() : 0;
    }

    private static void requireFrozen(String name, int layer, KvCache cache) {
        if (!cache.frozen()) {
            throw new IllegalStateException(name + ": " + layer
                    + ", layers would come to hold unequally many tokens; freeze the session to run part of them");
        }
    }
}
