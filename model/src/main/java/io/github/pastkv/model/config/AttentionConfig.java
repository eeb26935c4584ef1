package io.github.pastkv.model.config;

/**
 * The attention of each layer.
 *
 * @param numHeads query heads, H
 * @param numKvHeads key/value heads, K; divides {@code numHeads}
 * @param headDim elements per head, D
 * @param bias whether query, key, value and output projections carry a bias
 * @param scaledByHeadDim whether scores are divided by sqrt(D), as nearly all models do
 * @param scaledByLayer whether scores of layer l are divided by l + 1 as well (a GPT-2 variant)
 */
public record AttentionConfig(int numHeads, int numKvHeads, int headDim, boolean bias, boolean scaledByHeadDim,
        boolean scaledByLayer) {
    /** The factor of every score of {@code layer}. */
    public float scale(int layer) {
        double divisor = (scaledByHeadDim ? Math.sqrt(headDim) : 1) * (scaledByLayer ? layer + 1 : 1);
        return (float) (1 / divisor);
    }
}
