package io.github.pastkv.model.family;

import io.github.pastkv.cache.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a norm, as stored.
 *
 * @param weight {@code [E]}
 * @param bias {@code [E]}, or null for none
 */
public record NormTensors(Tensor weight, @Nullable Tensor bias) {}
