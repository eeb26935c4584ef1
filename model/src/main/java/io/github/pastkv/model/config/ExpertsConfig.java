package io.github.pastkv.model.config;

import io.github.pastkv.kernels.ClampedSwiglu;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts in place of a layer's feed-forward block: a router chooses a few of many gated blocks (experts)
 * for each token, and their outputs are added up, each times its weight (Shazeer et al. 2017).
 *
 * @param numExperts experts that the router chooses among, X
 * @param numIdentity of these the last ones that are no blocks: their output is their input (LongCat-Flash)
 * @param expertSize inner width of an expert
 * @param bias whether the projections of experts carry a bias
 * @param router how the experts of a token are chosen and weighted
 * @param shared the expert that every token takes besides the chosen ones
 * @param swiglu the activation of experts where it is clamped; null for that of dense blocks
 * @param shortcut whether the layer keeps its dense block, beside which the experts read the same input, and their
 *        output is added to what the dense block of the next layer gives (Cai et al. 2024)
 */
public record ExpertsConfig(int numExperts, int numIdentity, int expertSize, boolean bias, RouterConfig router,
        SharedExpert shared, @Nullable ClampedSwiglu swiglu, boolean shortcut) {
    /**
     * An expert that every token takes.
     *
     * @param size inner width; 0 where there is none
     * @param bias whether its projections carry a bias
     * @param gated whether its output is multiplied by the sigmoid of a projection of the input to one number
     */
    public record SharedExpert(int size, boolean bias, boolean gated) {
        /** No shared expert. */
        public static final SharedExpert NONE = new SharedExpert(0, false, false);

        public static SharedExpert of(int size) {
            return new SharedExpert(size, false, false);
        }
    }

    public ExpertsConfig {
        if (router.numChosen() > numExperts) {
            throw new IllegalArgumentException(
                    "numChosen: " + router.numChosen() + ", there are " + numExperts + " experts");
        }
    }

    /** Experts without biases and without a shared one. */
    public static ExpertsConfig of(int numExperts, int expertSize, RouterConfig router) {
        return new ExpertsConfig(numExperts, 0, expertSize, false, router, SharedExpert.NONE, null, false);
    }

    public ExpertsConfig withBias(boolean newBias) {
        return new ExpertsConfig(numExperts, numIdentity, expertSize, newBias, router, shared, swiglu, shortcut);
    }

    public ExpertsConfig withShared(SharedExpert newShared) {
        return new ExpertsConfig(numExperts, numIdentity, expertSize, bias, router, newShared, swiglu, shortcut);
    }

    public ExpertsConfig withSwiglu(ClampedSwiglu newSwiglu) {
        return new ExpertsConfig(numExperts, numIdentity, expertSize, bias, router, shared, newSwiglu, shortcut);
    }

    /** The same with the last {@code newNumIdentity} experts as blocks that give what they read. */
    public ExpertsConfig withIdentity(int newNumIdentity) {
        return new ExpertsConfig(numExperts, newNumIdentity, expertSize, bias, router, shared, swiglu, shortcut);
    }

    /** The same beside the layer's dense block. */
    public ExpertsConfig asShortcut() {
        return new ExpertsConfig(numExperts, numIdentity, expertSize, bias, router, shared, swiglu, true);
    }

    /** Experts that are blocks. */
    public int numBlocks() {
        return numExperts - numIdentity;
    }

    /** Experts that a token takes, the shared one not counted. */
    public int numChosen() {
        return router.numChosen();
    }
}
