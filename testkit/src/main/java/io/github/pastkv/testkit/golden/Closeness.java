package io.github.pastkv.testkit.golden;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/**
 * Distance of computed from golden numbers. {@link #require} fails with the largest and the mean distance, so that a
 * failure shows whether one number is wrong or all are.
 */
public final class Closeness {
    /** How close F32 arithmetic comes to the exact logits, keys and values (the golden README, "Precision"). */
    public static final double F32_TOLERANCE = 2e-4;

    /** How close F32 arithmetic comes to exact probabilities. */
    public static final double F32_PROBABILITY_TOLERANCE = 2e-5;

    private final String what;
    private double greatest;
    private double total;
    private long count;
    private String whereGreatest = "nowhere";

    /** No distances yet. */
    public Closeness(String what) {
        this.what = what;
    }

    /** Takes in one number; NaN on either side is infinitely far. */
    public void add(double actual, double expected, String where) {
        double distance = Math.abs(actual - expected);
        distance = Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
        total += distance;
        count++;
        if (distance > greatest) {
            greatest = distance;
            whereGreatest = where + ": " + actual + " instead of " + expected;
        }
    }

    /** Fails where a distance is above {@code tolerance}, or where there was nothing to compare. */
    public void require(double tolerance) {
        if (count == 0) {
            throw new AssertionError(what + ": nothing was compared");
        }
        if (!(greatest <= tolerance)) {
            throw new AssertionError(what + ": off by " + greatest + " at " + whereGreatest + ", mean " + total / count
                    + ", tolerance " + tolerance);
        }
    }

    /** Compares all numbers of two tensors {@code [T, V]}. */
    public static void requireClose(String what, Tensor actual, Tensor expected) {
        Closeness closeness = new Closeness(what);
        for (long row = 0; row < expected.shape(0); row++) {
            for (long column = 0; column < expected.shape(1); column++) {
                closeness.add(actual.get(row, column), expected.get(row, column), "[" + row + ", " + column + "]");
            }
        }
        closeness.require(F32_TOLERANCE);
    }

    /** Compares all numbers of two tensors of one shape; infinities must be equal. */
    public static void requireClose(String what, Tensor actual, Tensor expected, double tolerance) {
        if (!Arrays.equals(actual.shape(), expected.shape())) {
            throw new AssertionError(what + ": " + actual.typeAndShape() + " instead of " + expected.typeAndShape());
        }
        Closeness closeness = new Closeness(what);
        float[] actualNumbers = actual.toFloatArray();
        float[] expectedNumbers = expected.toFloatArray();
        for (int i = 0; i < expectedNumbers.length; i++) {
            boolean infinite = Float.isInfinite(expectedNumbers[i]) && actualNumbers[i] == expectedNumbers[i];
            closeness.add(infinite ? 0 : actualNumbers[i], infinite ? 0 : expectedNumbers[i], "number " + i);
        }
        closeness.require(tolerance);
    }

    /** Compares two tensors {@code [B, N, V]} at the real slots of a mask. */
    public static void requireCloseAtReal(String what, Tensor actual, Tensor expected, AttentionMask mask) {
        Closeness closeness = new Closeness(what);
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                for (int id = 0; mask.isReal(row, slot) && id < expected.shape(2); id++) {
                    closeness.add(actual.get(row, slot, id), expected.get(row, slot, id),
                            "[" + row + ", " + slot + ", " + id + "]");
                }
            }
        }
        closeness.require(F32_TOLERANCE);
    }

    /**
     * Compares keys or values {@code [B, P, K, D]} at the real slots of a mask; where fewer are expected they are the
     * last ones.
     */
    public static void requireCloseAtReal(String what, LazyTensor actual, Tensor expected, AttentionMask mask) {
        Closeness closeness = new Closeness(what);
        int firstSlot = mask.numSlots() - (int) expected.shape(1);
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = firstSlot; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    addToken(closeness, actual, expected, new int[] {row, slot, slot - firstSlot});
                }
            }
        }
        closeness.require(F32_TOLERANCE);
    }

    /** {@code place}: the row, the slot, and the slot of what is expected. */
    private static void addToken(Closeness closeness, LazyTensor actual, Tensor expected, int[] place) {
        int row = place[0];
        int slot = place[1];
        for (int head = 0; head < expected.shape(2); head++) {
            for (int dim = 0; dim < expected.shape(3); dim++) {
                closeness.add(actual.get(row, slot, head, dim), expected.get(row, place[2], head, dim),
                        "[" + row + ", " + slot + ", " + head + ", " + dim + "]");
            }
        }
    }
}
