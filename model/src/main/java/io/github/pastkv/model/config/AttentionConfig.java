package io.github.pastkv.model.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attention of all layers; what differs between layers is in {@link LayerConfig}.
 *
 * @param numHeads query heads, H
 * @param numKvHeads key/value heads, K; divides {@code numHeads}
 * @param headDim elements per head, D
 * @param qkvBias whether query, key and value projections carry a bias
 * @param outBias whether the output projection carries a bias
 * @param scoreSoftCap cap of {@code cap * tanh(score / cap)}, which every scaled score becomes; 0 for none
 * @param alibiSlopes decrease of each head's scores per position of distance, {@code [H]}; empty without ALiBi
 * @param clip limit to which queries, keys and values are clipped after projection; 0 for none
 * @param clipsAfterNorm whether queries and keys are clipped after their norms instead of before
 * @param headNorms norms of queries and keys
 * @param normAfterRope whether these norms are applied after RoPE instead of before
 * @param sinkScores whether each head has a learned attention sink
 * @param latent how keys and values follow from a latent; null where they are projected and cached themselves
 */
public record AttentionConfig(int numHeads, int numKvHeads, int headDim, boolean qkvBias, boolean outBias,
        float scoreSoftCap, List<Double> alibiSlopes, float clip, boolean clipsAfterNorm, HeadNorms headNorms,
        boolean normAfterRope, boolean sinkScores, @Nullable LatentConfig latent) {
    public AttentionConfig {
        alibiSlopes = List.copyOf(alibiSlopes);
    }

    /** Heads without biases, caps, ALiBi, clips or norms. */
    public static AttentionConfig of(int numHeads, int numKvHeads, int headDim) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, false, false, 0f, List.of(), 0f, false,
                HeadNorms.NONE,
                false, false, null);
    }

    public AttentionConfig withBiases(boolean newQkvBias, boolean newOutBias) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, newQkvBias, newOutBias, scoreSoftCap, alibiSlopes,
                clip, clipsAfterNorm, headNorms, normAfterRope, sinkScores, latent);
    }

    public AttentionConfig withScoreSoftCap(float newScoreSoftCap) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, newScoreSoftCap, alibiSlopes, clip,
                clipsAfterNorm,
                headNorms, normAfterRope, sinkScores, latent);
    }

    public AttentionConfig withAlibi(List<Double> newAlibiSlopes) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, newAlibiSlopes, clip,
                clipsAfterNorm,
                headNorms, normAfterRope, sinkScores, latent);
    }

    public AttentionConfig withClip(float newClip) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, alibiSlopes, newClip,
                clipsAfterNorm,
                headNorms, normAfterRope, sinkScores, latent);
    }

    /** Clipped after the norms of queries and keys. */
    public AttentionConfig withClipAfterNorm(float newClip) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, alibiSlopes, newClip,
                true, headNorms, normAfterRope, sinkScores, latent);
    }

    public AttentionConfig withHeadNorms(HeadNorms newHeadNorms) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, alibiSlopes, clip,
                clipsAfterNorm,
                newHeadNorms, normAfterRope, sinkScores, latent);
    }

    public AttentionConfig withNormAfterRope() {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, alibiSlopes, clip,
                clipsAfterNorm,
                headNorms, true, sinkScores, latent);
    }

    /** The same with a learned attention sink for each head. */
    public AttentionConfig withSinkScores() {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, alibiSlopes, clip,
                clipsAfterNorm, headNorms, normAfterRope, true, latent);
    }

    /** The same heads over latents. */
    public AttentionConfig withLatent(LatentConfig newLatent) {
        return new AttentionConfig(numHeads, numKvHeads, headDim, qkvBias, outBias, scoreSoftCap, alibiSlopes, clip,
                clipsAfterNorm, headNorms, normAfterRope, sinkScores, newLatent);
    }

    /** Elements of a head's value. */
    public int valueDim() {
        return latent == null ? headDim : latent.valueDim();
    }

    /** Whether scores fall with distance. */
    public boolean alibi() {
        return !alibiSlopes.isEmpty();
    }

    /** The usual factor of scores, 1 / sqrt(D). */
    public float scaleByHeadDim() {
        return (float) (1 / Math.sqrt(headDim));
    }
}
