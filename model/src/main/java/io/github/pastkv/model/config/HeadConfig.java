package io.github.pastkv.model.config;

/**
 * How the residual stream becomes logits.
 *
 * @param tied whether its weight is the embedding
 * @param softCap cap of {@code cap * tanh(logit / cap)}, which every logit becomes; 0 for none
 * @param normed whether a norm stands before it
 */
public record HeadConfig(boolean tied, float softCap, boolean normed) {
    /** A head without a cap. */
    public static HeadConfig uncapped(boolean tied) {
        return new HeadConfig(tied, 0f, true);
    }
}
