package io.github.pastkv.lens.patching;

import io.github.pastkv.tensor.Tensor;
import java.util.Locale;

/**
 * A measure of a behavior, computed from the logits at the last position of a run. Implement your own as a function,
 * or use the ones here. Computed in double, in the order of ids.
 */
@FunctionalInterface
public interface Metric {
    /** The number for logits {@code [V]}; they are valid during the call only. */
    double of(float[] lastLogits);

    /** The logit of the answer minus the logit of the wrong token. */
    static Metric logitDifference(int answerId, int wrongId) {
        return logits -> (double) logits[answerId] - logits[wrongId];
    }

    /** The answer's probability. */
    static Metric probability(int answerId) {
        return logits -> StrictMath.exp(logProbability(logits, answerId));
    }

    /** The answer's loss, in nats. */
    static Metric loss(int answerId) {
        return logits -> -logProbability(logits, answerId);
    }

    /** The number of tokens with a larger logit than the answer; 0 if it is the best. */
    static Metric rank(int answerId) {
        return logits -> {
            int better = 0;
            for (float logit : logits) {
                better += logit > logits[answerId] ? 1 : 0;
            }
            return better;
        };
    }

    /** The KL divergence from the distribution of other logits, in nats. */
    static Metric klFrom(float[] referenceLogits) {
        float[] reference = referenceLogits.clone();
        double referenceSum = Tensor.of(reference, reference.length).logSumExp();
        return logits -> {
            double logSum = Tensor.of(logits, logits.length).logSumExp();
            double divergence = 0;
            for (int id = 0; id < reference.length; id++) {
                double logP = reference[id] - referenceSum;
                divergence += StrictMath.exp(logP) * (logP - (logits[id] - logSum));
            }
            return divergence;
        };
    }

    /** This metric on a scale on which {@code zero} is 0 and {@code one} is 1. */
    default Metric normalized(double zero, double one) {
        if (zero == one) {
            throw new IllegalArgumentException(String.format(Locale.ROOT,
                    "metric: %s for both prompts, so there is no scale to normalize it on", zero));
        }
        return logits -> (of(logits) - zero) / (one - zero);
    }

    private static double logProbability(float[] logits, int id) {
        return logits[id] - Tensor.of(logits, logits.length).logSumExp();
    }
}
