package io.github.pastkv.cache.layout;

import io.github.pastkv.cache.check.Require;

/**
 * The shape of one token's keys and values: {@code headDim} elements each for every layer and kv head.
 *
 * <p>With latent attention (DeepSeek-V2, 2024) a layer has one kv head instead, whose key is a latent followed by a
 * rotary key, and whose value is the latent: the first {@code latentDim} elements of the key, which are stored once.
 *
 * @param numLayers layers, L
 * @param numKvHeads key/value heads, K (fewer than the query heads in grouped attention); 1 with a latent
 * @param headDim elements per key, and per value too without a latent, D
 * @param latentDim elements of a key that are its value too; 0 where values are stored by themselves
 */
public record KvShape(int numLayers, int numKvHeads, int headDim, int latentDim) {
    public KvShape {
        Require.positive("numLayers", numLayers);
        Require.positive("numKvHeads", numKvHeads);
        Require.positive("headDim", headDim);
        if (latentDim < 0 || latentDim > headDim) {
            throw new IllegalArgumentException("latentDim: " + latentDim + ", must be 0 to headDim " + headDim);
        }
        if (latentDim > 0 && numKvHeads > 1) {
            throw new IllegalArgumentException("numKvHeads: " + numKvHeads + ", a latent is one head");
        }
    }

    /** Keys and values of equal size, each stored by itself. */
    public KvShape(int numLayers, int numKvHeads, int headDim) {
        this(numLayers, numKvHeads, headDim, 0);
    }

    /** A latent and a rotary key of {@code rotaryDim} elements for each layer. */
    public static KvShape latent(int numLayers, int latentDim, int rotaryDim) {
        Require.positive("latentDim", latentDim);
        return new KvShape(numLayers, 1, latentDim + rotaryDim, latentDim);
    }

    /** The same for another number of layers. */
    public KvShape withNumLayers(int newNumLayers) {
        return new KvShape(newNumLayers, numKvHeads, headDim, latentDim);
    }

    /** Whether values are part of the keys. */
    public boolean isLatent() {
        return latentDim > 0;
    }

    /** Elements per value of a kv head. */
    public int valueDim() {
        return isLatent() ? latentDim : headDim;
    }

    /** Number of elements stored per token in all layers. */
    public long elementsPerToken() {
        return (isLatent() ? 1L : 2L) * numLayers * numKvHeads * headDim;
    }

    /** Part of the identity of stored chunks, so that it does not change for shapes without a latent. */
    @Override
    public String toString() {
        return "KvShape[numLayers=" + numLayers + ", numKvHeads=" + numKvHeads + ", headDim=" + headDim
                + (isLatent() ? ", latentDim=" + latentDim : "") + "]";
    }
}
