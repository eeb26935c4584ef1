package io.github.pastkv.kernels.weights;

/**
 * The unpacked grouped weights of one output, as produced by a {@link Source} and consumed by kernels. Reused from row
 * to row; for one thread.
 */
public final class GroupedRow {
    private final GroupFormat format;
    private final byte[] numbers;
    private final Scales scales;
    private final Scales minimums;

    /** A row of {@code numInputs} weights. */
    public GroupedRow(GroupFormat format, int numInputs) {
        this.format = format;
        this.numbers = new byte[numInputs];
        int numGroups = format.numGroups(numInputs);
        int numUnits = format.numUnits(numInputs);
        this.scales = new Scales(format, numGroups, numUnits);
        this.minimums = format.hasMinimums() ? new Scales(format, numGroups, numUnits) : new Scales(format, 0, 0);
    }

    /** Reads one output at a time. Safe for any number of threads. */
    @FunctionalInterface
    public interface Source {
        /** Overwrites all of {@code row} with the weights of {@code output}. */
        void read(long output, GroupedRow row);
    }

    /** A float for each group; in formats of two levels also the factors and units whose product it is. */
    public static final class Scales {
        private final GroupFormat format;
        private final float[] values;
        private final byte[] factors;
        private final float[] units;

        private Scales(GroupFormat format, int numGroups, int numUnits) {
            this.format = format;
            this.values = new float[numGroups];
            this.factors = new byte[numUnits == 0 ? 0 : numGroups];
            this.units = new float[numUnits];
        }

        /** Number of groups. */
        public int count() {
            return values.length;
        }

        public float value(int group) {
            return values[group];
        }

        /** The integer that the unit is multiplied by. */
        public byte factor(int group) {
            return factors[group];
        }

        /** What the factors of {@link GroupFormat#UNIT_SIZE} inputs are multiplied by. */
        public float unit(int index) {
            return units[index];
        }

        /** Sets a scale that stands by itself. */
        public void set(int group, float value) {
            if (units.length > 0) {
                throw new IllegalStateException("scales: are of two levels, need a unit and a factor");
            }
            values[group] = value;
        }

        /** Sets a scale of two levels, {@code unit * factor}; groups of one unit must have the same. */
        public void set(int group, float unit, int factor) {
            units[format.unitOf(group)] = unit;
            factors[group] = (byte) factor;
            values[group] = unit * factor;
        }
    }

    public GroupFormat format() {
        return format;
    }

    /** One integer for each input, such as the format holds. */
    public byte[] numbers() {
        return numbers;
    }

    /** One for each group. */
    public Scales scales() {
        return scales;
    }

    /** One for each group; empty where the format has none. */
    public Scales minimums() {
        return minimums;
    }

    /** A weight as a float: the product is rounded before the minimum is added. */
    public float weight(int input) {
        int group = input / format.groupSize();
        float scaled = scales.values[group] * numbers[input];
        return format.hasMinimums() ? scaled + minimums.values[group] : scaled;
    }
}
