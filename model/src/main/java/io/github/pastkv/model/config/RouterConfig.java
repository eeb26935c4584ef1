package io.github.pastkv.model.config;

import org.jspecify.annotations.Nullable;

/**
 * How the experts of a token are chosen from its router logits, and weighted. The experts with the highest scores are
 * chosen, of equal ones that with the lower index.
 *
 * @param numChosen experts chosen for each token
 * @param scoring how logits become scores and weights
 * @param choice what the choice looks at besides scores
 * @param normalization how the weights of the chosen experts are divided by their sum; null if they are not
 * @param scale factor of all weights, after normalization
 * @param bias whether the projection to logits carries a bias
 * @param scalesInput whether a weight multiplies the input of its expert, rather than its output (Llama 4)
 */
public record RouterConfig(int numChosen, Scoring scoring, Choice choice, @Nullable Normalization normalization,
        float scale, boolean bias, boolean scalesInput) {
    /** How logits become scores and weights. */
    public sealed interface Scoring {}

    /** A score is the softmax of the logits over all experts; weights are scores. */
    public record Softmax() implements Scoring {}

    /** A score is the sigmoid of the expert's logit; weights are scores. */
    public record Sigmoid() implements Scoring {}

    /** A score is the logit itself; weights are the softmax over the logits of the chosen experts. */
    public record SoftmaxOfChosen() implements Scoring {}

    /** A score is the logit itself; weights are the sigmoids of the logits of the chosen experts. */
    public record SigmoidOfChosen() implements Scoring {}

    /**
     * SparseMixer (Liu et al. 2023) at inference, for two experts. The first is the one with the largest logit m. Its
     * weight is its share of the softmax over all experts whose logit z is near: {@code (m - z) / max(|z|, m)} at most
     * 2 {@code jitter}. The second is found in the same way among the others.
     *
     * @param jitter half the distance of near logits
     */
    public record SparseMixer(float jitter) implements Scoring {}

    /**
     * What the choice looks at besides scores.
     *
     * @param corrected whether a trained number for each expert is added to its score, for the choice only
     * @param groups groups of experts of which only some are considered; null for no groups
     */
    public record Choice(boolean corrected, @Nullable Groups groups) {
        /** By score alone. */
        public static final Choice BY_SCORE = new Choice(false, null);
    }

    /**
     * Neighboring experts as groups of equal size. Experts outside the groups kept are chosen last, as if their score
     * were less than all others.
     *
     * @param numGroups groups
     * @param numKept groups with the highest score, which are considered
     * @param numTop a group's score is the sum of so many of its highest scores
     */
    public record Groups(int numGroups, int numKept, int numTop) {}

    /**
     * Weights divided by {@code max(sum + added, least)}.
     *
     * @param added added to the sum
     * @param least lower bound of the divisor
     */
    public record Normalization(float added, float least) {
        /** Weights that add up to 1. */
        public static final Normalization SUM = new Normalization(0f, 0f);
    }

    /** Weights as {@code scoring} gives them. */
    public static RouterConfig of(int numChosen, Scoring scoring) {
        return new RouterConfig(numChosen, scoring, Choice.BY_SCORE, null, 1f, false, false);
    }

    public RouterConfig withChoice(Choice newChoice) {
        return new RouterConfig(numChosen, scoring, newChoice, normalization, scale, bias, scalesInput);
    }

    public RouterConfig withNormalization(@Nullable Normalization newNormalization) {
        return new RouterConfig(numChosen, scoring, choice, newNormalization, scale, bias, scalesInput);
    }

    public RouterConfig withScale(float newScale) {
        return new RouterConfig(numChosen, scoring, choice, normalization, newScale, bias, scalesInput);
    }

    public RouterConfig withBias() {
        return new RouterConfig(numChosen, scoring, choice, normalization, scale, true, scalesInput);
    }

    public RouterConfig withScaledInput() {
        return new RouterConfig(numChosen, scoring, choice, normalization, scale, bias, true);
    }
}
