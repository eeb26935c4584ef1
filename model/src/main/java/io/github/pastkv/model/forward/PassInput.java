package io.github.pastkv.model.forward;

import io.github.pastkv.tensor.Tensor;

/** What enters a pass: a row for each real token of the step, row after row. */
public sealed interface PassInput {
    /** Ids of the tokens, {@code [T]} at the front. */
    @SuppressWarnings("ArrayRecordComponent") // ids as everywhere; nobody compares inputs
    record Tokens(int[] tokenIds) implements PassInput {}

    /** Rows in place of looked-up embeddings, F32 {@code [T, E]}. */
    record Embeddings(Tensor rows) implements PassInput {}

    /** A residual stream that enters before {@code fromLayer}, F32 {@code [T, E]}. */
    record Stream(Tensor rows, int fromLayer) implements PassInput {}
}
