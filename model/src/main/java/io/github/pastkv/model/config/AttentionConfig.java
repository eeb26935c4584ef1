package io.github.pastkv.model.config;

/**
 * The attention of all layers; what differs between layers is in {@link LayerConfig}.
 *
 * @param numHeads query heads, H
 * @param numKvHeads key/value heads, K; divides {@code numHeads}
 * @param headDim elements per head, D
 * @param qkvBias whether query, key and value projections carry a bias
 * @param outBias whether the output projection carries a bias
 * @param scoreSoftCap cap of {@code cap * tanh(score / cap)}, which every scaled score becomes; 0 for none
 * @param alibi whether scores fall linearly with the distance of key and query (ALiBi, Press et al. 2021)
 */
public record AttentionConfig(int numHeads, int numKvHeads, int headDim, boolean qkvBias, boolean outBias,
        float scoreSoftCap, boolean alibi) {
    /** Heads without biases, caps or ALiBi. */
    public static AttentionConfig of(int numHeads, int numKvHeads, int headDim) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, false, false, 0f, false);
    }

    public AttentionConfig withBiases(boolean newQkvBias, boolean newOutBias) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, newQkvBias, newOutBias, scoreSoftCap, alibi);
    }

    public AttentionConfig withScoreSoftCap(float newScoreSoftCap) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, newScoreSoftCap, alibi);
    }

    public AttentionConfig withAlibi() {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, true);
    }

    /** The usual factor of scores, 1 / sqrt(D). */
    public float scaleByHeadDim() {
        return (float) (1 / Math.sqrt(headDim));
    }
}
