package io.github.pastkv.model.generation;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;

/** The operations on sequences that generation needs. */
public interface DecodeBackend {
    /** Size of the vocabulary, V. */
    int vocabSize();

    /** Real tokens of a row so far. */
    int numTokens(int row);

    /** The known leading ids of a row. */
    default int[] knownTokenIds(int row) {
        return new int[0];
    }

    /** Longest row, in tokens. */
    int maxSeqLen();

    /**
     * Appends slots and returns the logits of the last real token of each row that has one in {@code mask}: F32
     * {@code [n, V]} in the order of the rows, valid until the next call.
     */
    Tensor prefill(int[][] tokenIds, AttentionMask mask);

    /** Number of tokens that the last {@link #prefill} reused. */
    default int numReusedTokens() {
        return 0;
    }

    /** Appends slots and returns the logits of all real tokens, F32 {@code [T, V]}, row after row. */
    Tensor decode(int[][] tokenIds, AttentionMask mask);

    /** Keeps the first {@code numTokens} tokens of a row. */
    void truncateRow(int row, int numTokens);

    /** Makes row i what row {@code rows[i]} was. */
    void selectRows(int... rows);

    /** Replaces each row by {@code times} adjacent copies. */
    void repeatRows(int times);

    /**
     * Whether the generation was canceled; then steps end with a {@link java.util.concurrent.CancellationException}.
     */
    default boolean isCanceled() {
        return false;
    }
}
