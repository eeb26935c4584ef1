package io.github.pastkv.lens.patching;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The metric of each cell of a grid.
 *
 * @param grid the grid
 * @param shape lengths of its axes
 * @param values in row-major order; NaN where a run has not been made, or where a metric gave that
 * @param done numbers of the cells that have been run
 */
@SuppressWarnings("ArrayRecordComponent") // a result to read; nobody compares results
public record GridResult(PatchGrid grid, int[] shape, double[] values, BitSet done) {
    /** No cell has been run. */
    static GridResult empty(PatchGrid grid, int[] shape) {
        double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        Arrays.fill(values, Double.NaN);
        return new GridResult(grid, shape, values, new BitSet(values.length));
    }

    /** The number of one cell. */
    public double get(int... index) {
        return values[flat(index)];
    }

    /** A cell's place in {@link #values}, from an index for each axis. */
    public int flat(int... index) {
        if (index.length != shape.length) {
            throw new IllegalArgumentException("index: " + index.length + " numbers, the grid has " + shape.length
                    + " axes");
        }
        int flat = 0;
        for (int axis = 0; axis < shape.length; axis++) {
            if (index[axis] < 0 || index[axis] >= shape[axis]) {
                throw new IllegalArgumentException("index: " + index[axis] + " of " + grid.axes().get(axis).label()
                        + ", must be in [0, " + shape[axis] + ")");
            }
            flat = flat * shape[axis] + index[axis];
        }
        return flat;
    }

    /** Whether a cell has its number, by its place in {@link #values}. */
    public boolean isDone(int flat) {
        return done.get(flat);
    }

    /** Puts in the number of a cell, which then counts as run. */
    public void put(int flat, double value) {
        values[flat] = value;
        done.set(flat);
    }

    /** Cells that have their number. */
    public long numDone() {
        return done.cardinality();
    }

    /** Whether all cells have their number. */
    public boolean isComplete() {
        return numDone() == values.length;
    }
}
