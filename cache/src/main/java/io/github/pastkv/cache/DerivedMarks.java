package io.github.pastkv.cache;

import java.util.Arrays;

/** From which position on each row of a cache is derived. */
final class DerivedMarks {
    private static final int NOWHERE = Integer.MAX_VALUE;

    private int[] from; // [B]

    DerivedMarks(int batchSize) {
        from = new int[batchSize];
        Arrays.fill(from, NOWHERE);
    }

    DerivedMarks copy() {
        DerivedMarks copy = new DerivedMarks(0);
        copy.from = from.clone();
        return copy;
    }

    void mark(int row, int position) {
        from[row] = Math.min(from[row], position);
    }

    int numExact(int row, int numTokens) {
        return Math.min(from[row], numTokens);
    }

    void truncate(int row, int numTokens) {
        from[row] = from[row] >= numTokens ? NOWHERE : from[row];
    }

    void selectRows(int[] rows) {
        int[] before = from;
        from = Arrays.stream(rows).map(row -> before[row]).toArray();
    }

    /** Puts rows behind that are derived altogether. */
    void addDerivedRows(int numRows) {
        from = Arrays.copyOf(from, from.length + numRows);
    }
}
