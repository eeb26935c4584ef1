package io.github.pastkv.model.config;

import io.github.pastkv.kernels.NormWeights;

/**
 * The normalisation of a model.
 *
 * @param kind which formula
 * @param epsilon added to the mean square or variance, greater than 0
 */
public record NormConfig(NormWeights.Kind kind, float epsilon) {}
