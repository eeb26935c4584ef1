package io.github.pastkv.cache.layout;

import io.github.pastkv.cache.check.Require;

/**
 * What one token keeps: a key and a value of {@code headDim} numbers for each layer and kv head.
 *
 * @param numLayers layers, L
 * @param numKvHeads key/value heads, K (fewer than the query heads in grouped attention)
 * @param headDim numbers per head, D
 */
public record KvShape(int numLayers, int numKvHeads, int headDim) {
    public KvShape {
        Require.positive("numLayers", numLayers);
        Require.positive("numKvHeads", numKvHeads);
        Require.positive("headDim", headDim);
    }

    /** Numbers stored for one token: keys and values over all layers. */
    public long elementsPerToken() {
        return 2L * numLayers * numKvHeads * headDim;
    }
}
