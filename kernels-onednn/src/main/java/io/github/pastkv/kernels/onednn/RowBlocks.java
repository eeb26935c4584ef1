package io.github.pastkv.kernels.onednn;

/**
 * Splits rows into blocks for the library, which compiles a kernel for each number of rows. Sizes are powers of two up
 * to {@link #LARGEST}, so that there are few, and never one row, for which the library uses another kernel with other
 * bits. Blocks may overlap: rows computed twice get the same bits.
 */
final class RowBlocks {
    /** Rows of the largest block. */
    static final int LARGEST = 512;
    /** Log2 of the rows of the largest block, and the number of sizes. */
    static final int COUNT = 9;

    private RowBlocks() {}

    /** Rows of size number {@code index}: 2, 4, ... {@link #LARGEST}. */
    static int size(int index) {
        return 2 << index;
    }

    /** The number of a size. */
    static int indexOf(int size) {
        return Integer.numberOfTrailingZeros(size) - 1;
    }

    /**
     * Rows of the next block, when {@code numLeft} of {@code numRows} (at least 2) are left.
     */
    static int next(int numLeft, int numRows) {
        int fitting = Integer.highestOneBit(Math.min(numLeft, LARGEST));
        int larger = 2 * fitting;
        boolean isNearlyFull = larger <= Math.min(numRows, LARGEST) && larger - numLeft <= larger / 8;
        if (numLeft != fitting && isNearlyFull) {
            return larger;
        }
        return Math.max(fitting, 2);
    }
}
