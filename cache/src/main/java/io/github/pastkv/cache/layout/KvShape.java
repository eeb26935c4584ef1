package io.github.pastkv.cache.layout;

import io.github.pastkv.cache.check.Require;

/**
 * The shape of one token's keys and values: {@code headDim} elements each for every layer and kv head.
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

    /** Number of elements stored per token: keys and values of all layers. */
    public long elementsPerToken() {
        return 2L * numLayers * numKvHeads * headDim;
    }
}
