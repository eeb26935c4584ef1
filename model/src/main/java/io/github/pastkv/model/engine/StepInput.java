package io.github.pastkv.model.engine;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.tensor.Tensor;
import java.util.Objects;

/**
 * The input of a step: token ids, embeddings, or a residual stream that enters at a layer. It has N slots for each of B
 * rows; where the mask is 0 the slot is padding, whose content is ignored.
 */
public sealed interface StepInput {
    /** Which slots are real, {@code [B, N]}, of these slots only. */
    AttentionMask mask();

    /**
     * Removes padding: the real tokens, row after row.
     *
     * @throws IllegalArgumentException for an input of another shape than {@code batchSize} rows of the model's;
     *         nothing has changed
     */
    PackedInput pack(ModelConfig model, int batchSize);

    /**
     * Token ids.
     *
     * @param tokenIds {@code [B, N]}
     */
    @SuppressWarnings("ArrayRecordComponent") // arrays of ids as everywhere; inputs are never compared
    record Tokens(int[][] tokenIds, AttentionMask mask) implements StepInput {
        public Tokens {
            Objects.requireNonNull(tokenIds, "tokenIds: null");
            Objects.requireNonNull(mask, "mask: null");
            for (int row = 0; row < tokenIds.length; row++) {
                requireRow(tokenIds, row);
            }
        }

        @Override
        public PackedInput pack(ModelConfig model, int batchSize) {
            requireShape(batchSize);
            int[] packed = new int[mask.numReal()];
            int token = 0;
            for (int row = 0; row < tokenIds.length; row++) {
                for (int slot = 0; slot < mask.numSlots(); slot++) {
                    if (mask.isReal(row, slot)) {
                        requireTokenId(model.vocabSize(), row, slot);
                        packed[token++] = tokenIds[row][slot];
                    }
                }
            }
            return new PackedInput(packed, null, null, 0);
        }

        private void requireShape(int batchSize) {
            if (tokenIds.length != batchSize || mask.batchSize() != batchSize) {
                throw new IllegalArgumentException("tokenIds: " + tokenIds.length + " rows, mask: " + mask.batchSize()
                        + " rows, the session has a batch of " + batchSize);
            }
            for (int row = 0; row < tokenIds.length; row++) {
                if (tokenIds[row].length != mask.numSlots()) {
                    throw new IllegalArgumentException("tokenIds: row " + row + " has " + tokenIds[row].length
                            + " slots, the mask has " + mask.numSlots());
                }
            }
        }

        private void requireTokenId(int vocabSize, int row, int slot) {
            int tokenId = tokenIds[row][slot];
            if (tokenId < 0 || tokenId >= vocabSize) {
                throw new IllegalArgumentException(
                        "tokenIds: " + tokenId + " at [" + row + ", " + slot + "], the vocabulary has " + vocabSize);
            }
        }
    }

    /**
     * Embeddings instead of token ids, already scaled and normalized if the model does that; learned position
     * embeddings are still added.
     *
     * @param embeddings F32 {@code [B, N, E]}
     */
    record Embeddings(Tensor embeddings, AttentionMask mask) implements StepInput {
        public Embeddings {
            EmbeddedRows.require("embeddings", embeddings, mask);
        }

        @Override
        public PackedInput pack(ModelConfig model, int batchSize) {
            return new PackedInput(null, EmbeddedRows.pack("embeddings", embeddings, mask, model, batchSize), null, 0);
        }
    }

    /**
     * A residual stream, including position embeddings, that enters before a layer. With the number of layers only the
     * final norm and the unembedding are run.
     *
     * @param residual F32 {@code [B, N, E]}
     * @param startAtLayer first layer that runs
     */
    record Residual(Tensor residual, AttentionMask mask, int startAtLayer) implements StepInput {
        public Residual {
            EmbeddedRows.require("residual", residual, mask);
        }

        @Override
        public PackedInput pack(ModelConfig model, int batchSize) {
            if (startAtLayer < 0 || startAtLayer > model.numLayers()) {
                throw new IllegalArgumentException(
                        "startAtLayer: " + startAtLayer + ", the model has " + model.numLayers() + " layers");
            }
            requireCut("startAtLayer", startAtLayer, model);
            return new PackedInput(null, null, EmbeddedRows.pack("residual", residual, mask, model, batchSize),
                    startAtLayer);
        }
    }

    /** Refuses to cut a run where the residual stream is not all that the layers behind read. */
    static void requireCut(String name, int layer, ModelConfig model) {
        if (model.endsShortcut(layer)) {
            throw new IllegalArgumentException(name + ": " + layer + ", but experts of layer " + (layer - 1)
                    + " are added in layer " + layer + "; cut before one of the two or behind both");
        }
    }

    /** One row of tokens. */
    static StepInput tokens(int... tokenIds) {
        Objects.requireNonNull(tokenIds, "tokenIds: null");
        return new Tokens(new int[][] {tokenIds}, AttentionMask.ones(1, tokenIds.length));
    }

    /** Rows of equally many tokens, no pads. */
    static StepInput tokens(int[][] tokenIds) {
        return tokens(tokenIds, AttentionMask.ones(tokenIds.length, numSlots(tokenIds)));
    }

    /** Slots of the first row. */
    private static int numSlots(int[][] tokenIds) {
        return tokenIds.length == 0 ? 0 : requireRow(tokenIds, 0).length;
    }

    /** A row that is there. */
    static int[] requireRow(int[][] tokenIds, int row) {
        return Objects.requireNonNull(tokenIds[row], () -> "tokenIds: row " + row + " is null");
    }

    /** Rows of slots. */
    static StepInput tokens(int[][] tokenIds, AttentionMask mask) {
        return new Tokens(tokenIds, mask);
    }

    /** Embeddings without pads. */
    static StepInput embeddings(Tensor embeddings) {
        return new Embeddings(embeddings, EmbeddedRows.onesFor(embeddings));
    }

    /** A residual stream without pads. */
    static StepInput residual(Tensor residual, int startAtLayer) {
        return new Residual(residual, EmbeddedRows.onesFor(residual), startAtLayer);
    }
}
