package io.github.pastkv.model.config;

/**
 * Configuration of the language-model head.
 *
 * @param tied whether its weight is the embedding
 * @param softCap cap of {@code cap * tanh(logit / cap)}, which every logit becomes; 0 for none
 * @param normed whether a norm stands before it
 * @param logitScale factor of all logits, before the cap
 * @param bias whether the configuration gives it a bias; families that always have one do not say so here
 */
public record HeadConfig(boolean tied, float softCap, boolean normed, float logitScale, boolean bias) {
    /** A head whose logits are not scaled. */
    public HeadConfig(boolean tied, float softCap, boolean normed) {
        this(tied, softCap, normed, 1f, false);
    }

    /** A head without a cap. */
    public static HeadConfig uncapped(boolean tied) {
        return new HeadConfig(tied, 0f, true);
    }

    public HeadConfig withLogitScale(float newLogitScale) {
        return new HeadConfig(tied, softCap, normed, newLogitScale, bias);
    }

    public HeadConfig withBias(boolean newBias) {
        return new HeadConfig(tied, softCap, normed, logitScale, newBias);
    }

    public HeadConfig withTied(boolean newTied) {
        return new HeadConfig(newTied, softCap, normed, logitScale, bias);
    }
}
