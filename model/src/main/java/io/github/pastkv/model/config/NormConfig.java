package io.github.pastkv.model.config;

import io.github.pastkv.kernels.NormWeights;

/**
 * The normalization of a model.
 *
 * @param kind which formula
 * @param epsilon added to the mean square or variance, greater than 0
 * @param weightOffset added to every weight when it is read (Gemma stores weight - 1)
 * @param weighted whether norms have weights at all, rather than only scale
 */
public record NormConfig(NormWeights.Kind kind, float epsilon, float weightOffset, boolean weighted) {
    /** A norm whose weights are as stored. */
    public NormConfig(NormWeights.Kind kind, float epsilon) {
        this(kind, epsilon, 0f, true);
    }
}
