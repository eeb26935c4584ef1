package io.github.pastkv.model.engine;

import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A {@link StepInput} without padding: one entry per real token, row after row. One of the first three components is
 * not null.
 *
 * @param tokenIds {@code [T]}
 * @param embeddings F32 {@code [T, E]}
 * @param residual F32 {@code [T, E]}
 * @param startAtLayer first layer that runs
 */
@SuppressWarnings("ArrayRecordComponent") // arrays of ids as everywhere; inputs are never compared
public record PackedInput(int @Nullable [] tokenIds, @Nullable Tensor embeddings, @Nullable Tensor residual,
        int startAtLayer) {}
