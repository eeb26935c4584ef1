package io.github.pastkv.tensor;

import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * A four-dimensional read-only view of keys or values that looks up numbers in blocks when they are read; nothing is
 * copied. Its source and validity are documented by the method that returns it.
 */
public abstract class LazyTensor {
    private final long[] shape;

    protected LazyTensor(long... shape) {
        this.shape = shape;
    }

    /** Lengths of the four axes. */
    public final long[] shape() {
        return shape.clone();
    }

    /** Length of one axis. */
    public final int shape(int axis) {
        return Math.toIntExact(shape[axis]);
    }

    /**
     * One number, widened.
     *
     * @throws IndexOutOfBoundsException outside the shape
     * @throws IllegalStateException when its source is closed
     */
    public abstract float get(int i, int j, int k, int l);

    /** All numbers in row-major order. */
    public final float[] toFloatArray() {
        Tensor copy = Tensor.zeros(shape);
        copyTo(copy);
        return copy.toFloatArray();
    }

    /** An independent F32 copy of all numbers in memory of {@code arena}. */
    public final Tensor detach(Arena arena) {
        Tensor copy = Tensor.allocate(arena, DataType.F32, shape);
        copyTo(copy);
        return copy;
    }

    /** Copies all numbers into a tensor of the same shape, rounding to its type. */
    public final void copyTo(Tensor target) {
        if (!Arrays.equals(shape, target.shape())) {
            throw new IllegalArgumentException(
                    "target: " + target.typeAndShape() + ", source is " + Arrays.toString(shape));
        }
        for (int i = 0; i < shape[0]; i++) {
            for (int j = 0; j < shape[1]; j++) {
                copyRows(target, i, j);
            }
        }
    }

    private void copyRows(Tensor target, int i, int j) {
        for (int k = 0; k < shape[2]; k++) {
            for (int l = 0; l < shape[3]; l++) {
                target.set(get(i, j, k, l), i, j, k, l);
            }
        }
    }

    /** The shape; {@link #detach} gives a tensor that prints its numbers. */
    @Override
    public String toString() {
        return getClass().getSimpleName() + Arrays.toString(shape);
    }
}
