package io.github.pastkv.lens.patching;

import java.util.Arrays;

/**
 * The metric of each cell of a grid.
 *
 * @param grid the grid
 * @param shape lengths of its axes
 * @param values in row-major order; NaN where a run has not been made
 */
@SuppressWarnings("ArrayRecordComponent") // a result to read; nobody compares results
public record GridResult(PatchGrid grid, int[] shape, double[] values) {
    /** No cell has been run. */
    static GridResult empty(PatchGrid grid, int[] shape) {
        double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        Arrays.fill(values, Double.NaN);
        return new GridResult(grid, shape, values);
    }

    /** The number of one cell. */
    public double get(int... index) {
        int flat = 0;
        for (int axis = 0; axis < shape.length; axis++) {
            flat = flat * shape[axis] + index[axis];
        }
        return values[flat];
    }

    /** Cells that have their number. */
    public long numDone() {
        return Arrays.stream(values).filter(value -> !Double.isNaN(value)).count();
    }

    /** Whether all cells have their number. */
    public boolean isComplete() {
        return numDone() == values.length;
    }
}
