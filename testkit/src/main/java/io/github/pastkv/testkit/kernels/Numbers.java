package io.github.pastkv.testkit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.random.RandomGenerator;

/** Tensors of random numbers and their comparison bit for bit. */
public final class Numbers {
    private static final float[] EXTREMES = {0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL, Float.MAX_VALUE, -Float.MAX_VALUE, 1e-30f, -1e30f, 65504f};

    private Numbers() {}

    /** Rows of normal numbers, {@code gap} numbers between them, NaN in the gaps. */
    public static Tensor rows(Arena arena, RandomGenerator random, int numRows, int width, int gap) {
        Tensor rows = filled(arena, Float.NaN, numRows, width, gap);
        fill(rows, random);
        return rows;
    }

    /** Rows of one number, the gaps too. */
    public static Tensor filled(Arena arena, float number, int numRows, int width, int gap) {
        Tensor all = Tensor.allocate(arena, DataType.F32, numRows, width + gap);
        for (int i = 0; i < numRows * (width + gap); i++) {
            DataType.F32.write(all.segment(), 4L * i, number);
        }
        return all.narrow(1, 0, width);
    }

    /** Normal numbers. */
    public static void fill(Tensor rows, RandomGenerator random) {
        for (int row = 0; row < rows.shape(0); row++) {
            for (int column = 0; column < rows.shape(1); column++) {
                rows.set((float) random.nextGaussian(), row, column);
            }
        }
    }

    /** Puts extreme values into some places. */
    public static void strew(Tensor rows, RandomGenerator random, int count) {
        for (int i = 0; i < count; i++) {
            rows.set(EXTREMES[random.nextInt(EXTREMES.length)], random.nextInt((int) rows.shape(0)),
                    random.nextInt((int) rows.shape(1)));
        }
    }

    /** Brings finite numbers beyond {@code largest} down to it. */
    public static void clamp(Tensor rows, float largest) {
        for (int row = 0; row < rows.shape(0); row++) {
            for (int column = 0; column < rows.shape(1); column++) {
                float number = rows.get(row, column);
                if (Float.isFinite(number)) {
                    rows.set(Math.clamp(number, -largest, largest), row, column);
                }
            }
        }
    }

    /** A copy with another gap between rows. */
    public static Tensor copy(Arena arena, Tensor rows, int gap) {
        Tensor copy = filled(arena, Float.NaN, (int) rows.shape(0), (int) rows.shape(1), gap);
        rows.copyTo(copy);
        return copy;
    }

    /** A tensor of {@code dataType} with the numbers of {@code rows}, rounded. */
    public static Tensor as(Arena arena, DataType dataType, Tensor rows) {
        Tensor rounded = Tensor.allocate(arena, dataType, rows.shape());
        rows.copyTo(rounded);
        return rounded;
    }

    /** All NaNs are one; -0 and +0 are two. */
    public static void assertSameBits(Tensor actual, Tensor expected, String what) {
        for (int row = 0; row < expected.shape(0); row++) {
            for (int column = 0; column < expected.shape(1); column++) {
                float a = actual.get(row, column);
                float e = expected.get(row, column);
                if (Float.floatToIntBits(a) != Float.floatToIntBits(e)) {
                    assertThat(a).as("%s [%d, %d] of %s", what, row, column, expected).isEqualTo(e);
                }
            }
        }
    }

    /** Differences are at most {@code tolerance} times the largest number expected. */
    public static void assertNear(Tensor actual, Tensor expected, double tolerance, String what) {
        double largest = 1;
        for (float number : expected.toFloatArray()) {
            largest = Math.max(largest, Math.abs(number));
        }
        for (int row = 0; row < expected.shape(0); row++) {
            for (int column = 0; column < expected.shape(1); column++) {
                float a = actual.get(row, column);
                float e = expected.get(row, column);
                if (!(Math.abs(a - e) <= tolerance * largest)) {
                    assertThat(a).as("%s [%d, %d]", what, row, column).isCloseTo(e,
                            within((float) (tolerance * largest)));
                }
            }
        }
    }

    /** The numbers between rows are untouched NaNs. */
    public static void assertGapsUntouched(Tensor rows, String what) {
        for (int row = 0; row + 1 < rows.shape(0); row++) {
            for (long i = row * rows.stride(0) + rows.shape(1); i < (row + 1) * rows.stride(0); i++) {
                float number = DataType.F32.read(rows.segment(), 4 * i);
                if (!Float.isNaN(number)) {
                    assertThat(number).as("%s, gap of row %d", what, row).isNaN();
                }
            }
        }
    }
}
