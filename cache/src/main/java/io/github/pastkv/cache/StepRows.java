package io.github.pastkv.cache;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;

/**
 * The rows that one forward pass computes, as attention reads and writes them: those of one cache's {@link KvStep}, or
 * of several steps joined into a batch ({@link JoinedRows}).
 *
 * <p>Tokens are numbered row after row, {@code [0, T)}. Any number of threads may read, and write different tokens.
 */
public interface StepRows {
    /** Rows, B. */
    int numRows();

    /** Tokens of all rows, T. */
    default int numTokens() {
        return rowStart(numRows());
    }

    /** First token of a row; {@code rowStart(numRows())} is the number of tokens. */
    int rowStart(int row);

    /** The row of a token. */
    int rowOf(int token);

    /** Position of a token in its row: how many of the row's tokens come before it, those of earlier steps included. */
    int position(int token);

    /** Tokens of a row up to the last one computed here: the position of that one plus 1. */
    int kvLength(int row);

    /**
     * Stores keys and values of tokens {@code [firstToken + from, firstToken + to)} in one layer, rounded to the
     * storage type.
     *
     * @param keys F32 {@code [n, K * D]} whose row 0 is {@code firstToken}'s, after RoPE where the model has it; rows
     *        contiguous, row stride free
     * @param values F32 {@code [n, K * D]}
     */
    void write(int layer, Tensor keys, Tensor values, int firstToken, int from, int to);

    /** A row's keys and values in a layer, those written in this step included; valid until the step ends. */
    KvBlocks blocks(int layer, int row);

    /** The number by which the layout of a row's blocks knows a layer. */
    int layerInGroup(int layer, int row);

    /** The positions that a layer of a row holds for its tokens. */
    KvWindow window(int layer, int row);
}
