package io.github.pastkv.kernels;

/**
 * A sum across a row, in an order that vectors of any width can follow: {@link #NUM_LANES} partial sums, each over
 * every 16th number, which are then joined pair by pair.
 */
public final class LaneSum {
    /** Number of partial sums. */
    public static final int NUM_LANES = 16;

    private LaneSum() {}

    /** The partial sums of a row. */
    @FunctionalInterface
    public interface PartialSums {
        /** The sum of the numbers at {@code lane}, {@code lane + 16} and so on. */
        float at(int lane);
    }

    /**
     * Joins the partial sums: lane i with i + 8, those with i + 4, then i + 2, then i + 1. Vector twins fold halves in
     * the same way.
     */
    public static float of(PartialSums sums) {
        return fold(sums, 0, 1);
    }

    private static float fold(PartialSums sums, int lane, int stride) {
        return stride == NUM_LANES
                ? sums.at(lane)
                : fold(sums, lane, 2 * stride) + fold(sums, lane + stride, 2 * stride);
    }
}
