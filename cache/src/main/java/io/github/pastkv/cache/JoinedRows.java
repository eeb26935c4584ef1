package io.github.pastkv.cache;

import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of several open steps, of different caches, joined into one batch. A step may be added in part: a long prompt is
 * computed chunk by chunk, together with the tokens of other sequences (chunked prefill). Each step is committed or
 * closed on its own, so that a failing step does not affect the others.
 *
 * <pre>
 *   step A, rows 0 1        tokens  0 1 2 | 3          added whole:   0 1 2 | 3
 *   step B, row 0           tokens  0 1 2 3 4 5 6      added [4, 6):              4 5
 *   the batch, rows 0 1 2   tokens                                    0 1 2 | 3 | 4 5
 * </pre>
 *
 * <p>Reused from batch to batch without allocation; filled by one thread.
 */
public final class JoinedRows implements StepRows {
    /** Tokens {@code [firstToken, firstToken + numTokens)} of a step, from token {@code start} of the batch on. */
    private record Part(KvStep step, int firstToken, int start, int numTokens) {}

    private final List<Part> parts = new ArrayList<>();
    private KvStep[] steps = new KvStep[8]; // of each row
    private int[] rowInStep = new int[8];
    private int[] rowStarts = new int[9];
    private int[] rowOf = new int[16];
    private int[] positions = new int[16];
    private int numRows;

    /** A batch of no rows. */
    public JoinedRows() {}

    /** Removes all rows. */
    public void clear() {
        parts.clear();
        Arrays.fill(steps, 0, numRows, null);
        numRows = 0;
    }

    /**
     * Adds tokens {@code [fromToken, toToken)} of an open step: one row for each row of the step that has any of them.
     *
     * @return the number of their first token in the batch
     */
    public int add(KvStep step, int fromToken, int toToken) {
        int start = numTokens();
        parts.add(new Part(step, fromToken, start, toToken - fromToken));
        growTokens(start + toToken - fromToken);
        for (int row = 0; row < step.numRows(); row++) {
            int from = Math.max(fromToken, step.rowStart(row));
            int to = Math.min(toToken, step.rowStart(row + 1));
            if (from < to) {
                addRow(step, row, from, to);
            }
        }
        return start;
    }

    private void addRow(KvStep step, int row, int from, int to) {
        growRows();
        int start = rowStarts[numRows];
        steps[numRows] = step;
        rowInStep[numRows] = row;
        for (int token = from; token < to; token++) {
            rowOf[start + token - from] = numRows;
            positions[start + token - from] = step.position(token);
        }
        rowStarts[++numRows] = start + to - from;
    }

    private void growRows() {
        if (numRows == steps.length) {
            steps = Arrays.copyOf(steps, 2 * numRows);
            rowInStep = Arrays.copyOf(rowInStep, 2 * numRows);
            rowStarts = Arrays.copyOf(rowStarts, 2 * numRows + 1);
        }
    }

    private void growTokens(int numTokens) {
        if (rowOf.length < numTokens) {
            int capacity = Math.max(numTokens, 2 * rowOf.length);
            rowOf = Arrays.copyOf(rowOf, capacity);
            positions = Arrays.copyOf(positions, capacity);
        }
    }

    @Override
    public int numRows() {
        return numRows;
    }

    @Override
    public int rowStart(int row) {
        Require.index("row", row, numRows + 1); // this array and the others are longer, and hold earlier numbers
        return rowStarts[row];
    }

    @Override
    public int rowOf(int token) {
        Require.index("token", token, numTokens());
        return rowOf[token];
    }

    @Override
    public int position(int token) {
        Require.index("token", token, numTokens());
        return positions[token];
    }

    @Override
    public int kvLength(int row) {
        requireRow(row);
        return positions[rowStarts[row + 1] - 1] + 1;
    }

    @Override
    public void write(int layer, Tensor keys, Tensor values, int firstToken, int from, int to) {
        for (int i = 0; i < parts.size(); i++) { // indexed loop: an iterator would allocate at each call
            Part part = parts.get(i);
            int fromRow = Math.max(from, part.start - firstToken);
            int toRow = Math.min(to, part.start + part.numTokens - firstToken);
            if (fromRow < toRow) {
                part.step.write(layer, keys, values, part.firstToken - part.start + firstToken, fromRow, toRow);
            }
        }
    }

    @Override
    public KvBlocks blocks(int layer, int row) {
        requireRow(row);
        return steps[row].blocks(layer, rowInStep[row]);
    }

    @Override
    public int layerInGroup(int layer, int row) {
        requireRow(row);
        return steps[row].layerInGroup(layer, rowInStep[row]);
    }

    @Override
    public KvWindow window(int layer, int row) {
        requireRow(row);
        return steps[row].window(layer, rowInStep[row]);
    }

    private void requireRow(int row) {
        Require.index("row", row, numRows);
    }
}
