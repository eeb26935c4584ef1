package io.github.pastkv.kernels;

/**
 * The unpacked grouped weights of one output, as produced by a {@link Source} and consumed by kernels. Reused from row
 * to row; for one thread.
 */
public final class GroupedRow {
    private final GroupFormat format;
    private final byte[] numbers;
    private final float[] scales;
    private final float[] minimums;

    /** A row of {@code numInputs} weights. */
    public GroupedRow(GroupFormat format, int numInputs) {
        this.format = format;
        this.numbers = new byte[numInputs];
        this.scales = new float[format.numGroups(numInputs)];
        this.minimums = new float[format.hasMinimums() ? scales.length : 0];
    }

    /** Reads one output at a time. Safe for any number of threads. */
    @FunctionalInterface
    public interface Source {
        /** Overwrites all of {@code row} with the weights of {@code output}. */
        void read(long output, GroupedRow row);
    }

    public GroupFormat format() {
        return format;
    }

    /** One integer for each input; with 4 bits, 0 to 15. */
    public byte[] numbers() {
        return numbers;
    }

    /** One for each group. */
    public float[] scales() {
        return scales;
    }

    /** One for each group; empty where the format has none. */
    public float[] minimums() {
        return minimums;
    }

    /** A weight as a float: the product is rounded before the minimum is added. */
    public float weight(int input) {
        int group = input / format.groupSize();
        float scaled = scales[group] * numbers[input];
        return format.hasMinimums() ? scaled + minimums[group] : scaled;
    }
}
