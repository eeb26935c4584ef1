package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a token enters the residual stream with; tables straight from the mapped files.
 *
 * @param tokens {@code [V, width]} as stored
 * @param positions {@code [rows, E]} as stored, or null
 * @param projection {@code [width]} to {@code [E]}, or null where they are equal
 * @param norm norm of the result, or null
 */
record EmbeddingWeights(WeightMatrix tokens, @Nullable Tensor positions, @Nullable LinearWeights projection,
        @Nullable NormWeights norm) {}
