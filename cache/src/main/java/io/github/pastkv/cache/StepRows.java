package io.github.pastkv.cache;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;

/**
 * The rows of one forward pass, as attention reads and writes them: the rows of a {@link KvStep}, or of several steps
 * joined into a batch ({@link JoinedRows}).
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
     * @param keys F32 {@code [n, K * D]} whose row 0 is {@code firstToken}'s, after RoPE; rows contiguous, with any row
     *        stride
     * @param values F32 {@code [n, K * D]}; of a latent, which has no values of its own, the same tensor as
     *        {@code keys}
     */
    void write(int layer, Tensor keys, Tensor values, int firstToken, int from, int to);

    /** A row's keys and values in a layer, including those written in this step; valid until the step ends. */
    KvBlocks blocks(int layer, int row);

    /** The index of a layer within the layout of a row's blocks. */
    int layerInGroup(int layer, int row);

    /** The attention window of a layer in a row. */
    KvWindow window(int layer, int row);
}
