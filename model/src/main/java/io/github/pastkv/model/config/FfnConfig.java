package io.github.pastkv.model.config;

import io.github.pastkv.kernels.Activation;

/**
 * The feed-forward block of each layer.
 *
 * @param ffnSize its inner width, F
 * @param activation its nonlinearity
 * @param gated whether it is {@code down(activation(gate(x)) * up(x))} rather than {@code down(activation(up(x)))}
 * @param bias whether its projections carry a bias
 */
public record FfnConfig(int ffnSize, Activation activation, boolean gated, boolean bias) {
    public FfnConfig withBias(boolean newBias) {
        return new FfnConfig(ffnSize, activation, gated, newBias);
    }
}
