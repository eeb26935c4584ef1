package io.github.pastkv.cache;

import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Arrays;

/**
 * Which tokens a step computes: those of row 0, then those of row 1, and so on, each at the position after its past.
 * Tokens found in the prefix index belong to the past. Reused from step to step.
 */
final class StepLayout {
    private final int[] pastLengths; // [B]
    private final int[] rowStarts; // [B + 1]
    private final int[] numReused; // [B]
    private int[] rowOf = new int[16]; // [T]

    StepLayout(int numRows) {
        this.pastLengths = new int[numRows];
        this.rowStarts = new int[numRows + 1];
        this.numReused = new int[numRows];
    }

    /** Numbers all tokens of {@code newMask} after those that {@code layer} holds; none is reused. */
    void start(CacheLengths lengths, int layer, AttentionMask newMask) {
        Arrays.fill(numReused, 0);
        number(lengths, layer, newMask);
    }

    /** Numbers the tokens again once {@link #setNumReused} has been called. */
    void number(CacheLengths lengths, int layer, AttentionMask newMask) {
        for (int row = 0; row < pastLengths.length; row++) {
            pastLengths[row] = lengths.numTokens(layer, row) + numReused[row];
            rowStarts[row + 1] = rowStarts[row] + newMask.numReal(row) - numReused[row];
        }
    }

    /** Computes the row of each token; called when the numbers are final. */
    void findRows() {
        if (rowOf.length < numTokens()) {
            rowOf = new int[Math.max(numTokens(), 2 * rowOf.length)];
        }
        for (int row = 0; row < pastLengths.length; row++) {
            Arrays.fill(rowOf, rowStarts[row], rowStarts[row + 1], row);
        }
    }

    int numRows() {
        return pastLengths.length;
    }

    int numTokens() {
        return rowStarts[rowStarts.length - 1];
    }

    /** First token of a row in {@code [0, B]}. */
    int rowStart(int row) {
        Require.index("row", row, rowStarts.length);
        return rowStarts[row];
    }

    int numNewTokens(int row) {
        requireRow(row);
        return rowStarts[row + 1] - rowStarts[row];
    }

    int numReused(int row) {
        requireRow(row);
        return numReused[row];
    }

    void setNumReused(int row, int numTokens) {
        numReused[row] = numTokens;
    }

    int pastLength(int row) {
        requireRow(row);
        return pastLengths[row];
    }

    int kvLength(int row) {
        return pastLength(row) + numNewTokens(row);
    }

    int rowOf(int token) {
        Require.index("token", token, numTokens()); // the array is longer, and holds numbers of earlier steps
        return rowOf[token];
    }

    int position(int row, int token) {
        requireRow(row);
        if (token < rowStarts[row] || token >= rowStarts[row + 1]) {
            throw new IndexOutOfBoundsException("token: " + token + ", row " + row + " of the step has tokens ["
                    + rowStarts[row] + ", " + rowStarts[row + 1] + ")");
        }
        return pastLengths[row] + token - rowStarts[row];
    }

    private void requireRow(int row) {
        Require.index("row", row, pastLengths.length);
    }
}
