package io.github.pastkv.kernels.onednn;

/**
 * How rows are cut for the library, which compiles a kernel for each number of rows: into powers of two up to {@link
 * #LARGEST}, so that there are few, never one row (that takes another kernel, with other bits). A block may begin
 * before the last one ended: rows done twice get the same bits twice.
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
