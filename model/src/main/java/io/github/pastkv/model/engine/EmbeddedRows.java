package io.github.pastkv.model.engine;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.tensor.Tensor;

/** Rows of the residual stream as the input of a step, {@code [B, N, E]}. */
final class EmbeddedRows {
    private EmbeddedRows() {}

    /** No padding. */
    static AttentionMask onesFor(Tensor rows) {
        if (rows.rank() != 3) {
            throw new IllegalArgumentException("rows: " + rows.typeAndShape() + ", must be [B, N, E]");
        }
        return AttentionMask.ones(Math.toIntExact(rows.shape(0)), Math.toIntExact(rows.shape(1)));
    }

    /** Refuses rows of another shape than the mask's. */
    static void require(String name, Tensor rows, AttentionMask mask) {
        if (rows.rank() != 3 || rows.shape(0) != mask.batchSize() || rows.shape(1) != mask.numSlots()) {
            throw new IllegalArgumentException(
                    name + ": " + rows.typeAndShape() + ", must be [" + mask.batchSize() + ", "
                            + mask.numSlots() + ", E] as the mask says");
        }
    }

    /** The rows of the real tokens, {@code [n, E]}, row after row. */
    static Tensor pack(String name, Tensor rows, AttentionMask mask, ModelConfig model, int batchSize) {
        int width = model.hiddenSize();
        if (rows.shape(0) != batchSize || rows.shape(2) != width) {
            throw new IllegalArgumentException(
                    name + ": " + rows.typeAndShape() + ", must be [" + batchSize + ", N, " + width + "]");
        }
        int numTokens = mask.numReal();
        Tensor packed = Tensor.zeros(numTokens, width);
        int token = 0;
        for (int row = 0; row < batchSize; row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    packed.narrow(0, token, ++token).unflatten(0, 1, 1)
                            .copyFrom(rows.narrow(0, row, row + 1L).narrow(1, slot, slot + 1L));
                }
            }
        }
        return packed;
    }
}
