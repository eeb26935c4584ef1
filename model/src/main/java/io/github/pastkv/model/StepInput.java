package io.github.pastkv.model;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;

/**
 * What enters a step of a session: token ids, embeddings in their stead, or a residual stream that enters at a layer. N
 * slots for each of B rows; where the mask is 0 the slot is a pad, whose content counts for nothing.
 */
public sealed interface StepInput {
    /** Which slots are real, {@code [B, N]}, of these slots only. */
    AttentionMask mask();

    /**
     * Token ids.
     *
     * @param tokenIds {@code [B, N]}
     */
    @SuppressWarnings("ArrayRecordComponent") // ids as everywhere; nobody compares inputs
    record Tokens(int[][] tokenIds, AttentionMask mask) implements StepInput {}

    /**
     * Rows that take the place of looked-up embeddings (scaled and normed already, where the model does that); learned
     * positions are still added.
     *
     * @param embeddings F32 {@code [B, N, E]}
     */
    record Embeddings(Tensor embeddings, AttentionMask mask) implements StepInput {
        public Embeddings {
            requireRows("embeddings", embeddings, mask);
        }
    }

    /**
     * A residual stream, positions included, that enters before a layer. At the number of layers only the final norm and
     * the head are left.
     *
     * @param stream F32 {@code [B, N, E]}
     * @param startAtLayer first layer that runs
     */
    record Stream(Tensor stream, AttentionMask mask, int startAtLayer) implements StepInput {
        public Stream {
            requireRows("stream", stream, mask);
        }
    }

    /** One row of tokens. */
    static StepInput tokens(int... tokenIds) {
        return new Tokens(new int[][] {tokenIds}, AttentionMask.ones(1, tokenIds.length));
    }

    /** Rows of equally many tokens, no pads. */
    static StepInput tokens(int[][] tokenIds) {
        return tokens(tokenIds, AttentionMask.ones(tokenIds.length, tokenIds.length == 0 ? 0 : tokenIds[0].length));
    }

    /** Rows of slots. */
    static StepInput tokens(int[][] tokenIds, AttentionMask mask) {
        return new Tokens(tokenIds, mask);
    }

    /** Embeddings without pads. */
    static StepInput embeddings(Tensor embeddings) {
        return new Embeddings(embeddings, onesFor(embeddings));
    }

    /** A stream without pads. */
    static StepInput stream(Tensor stream, int startAtLayer) {
        return new Stream(stream, onesFor(stream), startAtLayer);
    }

    private static AttentionMask onesFor(Tensor rows) {
        if (rows.rank() != 3) {
            throw new IllegalArgumentException("rows: " + rows + ", must be [B, N, E]");
        }
        return AttentionMask.ones(Math.toIntExact(rows.shape(0)), Math.toIntExact(rows.shape(1)));
    }

    private static void requireRows(String name, Tensor rows, AttentionMask mask) {
        if (rows.rank() != 3 || rows.shape(0) != mask.batchSize() || rows.shape(1) != mask.numSlots()) {
            throw new IllegalArgumentException(name + ": " + rows + ", must be [" + mask.batchSize() + ", "
                    + mask.numSlots() + ", E] as the mask says");
        }
    }
}
