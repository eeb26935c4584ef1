package io.github.pastkv.lens;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The cross-entropy of each token given the tokens before it in its row, in nats. The loss of a row's first token of a
 * run is known only with the logits of the token before it, which an earlier run had. Computed in double, in the order
 * of ids.
 */
public final class Losses {
    private final Tensor perToken; // [B, N] with the boundary, [B, N - 1] without
    private final double sum;
    private final long count;

    private Losses(Tensor perToken, double sum, long count) {
        this.perToken = perToken;
        this.sum = sum;
        this.count = count;
    }

    /**
     * Losses of a run.
     *
     * @param logits {@code [B, N, V]}
     * @param tokenIds {@code [B, N]}
     * @param mask {@code [B, N]}
     * @param before logits of each row's last token before the run, {@code [B, V]}, or null where there was none
     */
    static Losses of(Tensor logits, int[][] tokenIds, AttentionMask mask, @Nullable Tensor before) {
        int numSlots = mask.numSlots();
        Tensor perSlot = Tensor.zeros(mask.batchSize(), numSlots);
        double sum = 0;
        long count = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            Tensor previous = before == null ? null : before.narrow(0, row, row + 1L);
            for (int slot = 0; slot < numSlots; slot++) {
                if (mask.isReal(row, slot)) {
                    if (previous != null) {
                        double loss = crossEntropy(previous, tokenIds[row][slot]);
                        perSlot.set((float) loss, row, slot);
                        sum += loss;
                        count++;
                    }
                    previous = logits.narrow(0, row, row + 1L).narrow(1, slot, slot + 1L);
                }
            }
        }
        boolean hasBoundary = before != null || numSlots == 0;
        return new Losses(hasBoundary ? perSlot : perSlot.narrow(1, 1, numSlots), sum, count);
    }

    /** Of logits whose last axis is the vocabulary, and whose other axes have length 1. */
    private static double crossEntropy(Tensor logits, int tokenId) {
        Tensor row = logits.reshape(logits.numElements());
        return row.logSumExp() - row.get(tokenId);
    }

    /**
     * The loss of each token: {@code [B, N - 1]}, entry i for slot i + 1, or, with the logits before the run,
     * {@code [B, N]}. Zero at padding, and at a row's first token if nothing precedes it.
     */
    public Tensor perToken() {
        return perToken;
    }

    /** The mean over tokens that have a loss; NaN where none has. */
    public double mean() {
        return sum / count;
    }

    /** The sum over tokens that have a loss. */
    public double sum() {
        return sum;
    }

    /** Tokens that have a loss. */
    public long numTokens() {
        return count;
    }

    @Override
    public String toString() {
        return "Losses[" + numTokens() + " tokens, mean " + mean() + "]";
    }
}
