package io.github.pastkv.model.family;

import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a norm, as stored.
 *
 * @param weight {@code [width]}, or null where the norm only scales
 * @param bias {@code [width]}, or null for none
 */
public record NormTensors(@Nullable Tensor weight, @Nullable Tensor bias) {}
