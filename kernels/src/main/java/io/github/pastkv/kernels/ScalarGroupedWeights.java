package io.github.pastkv.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Grouped integer weights, output by output: integers {@code [outputs, inputs]}, with 4 bits two to a byte, the first
 * in the lower half; scales and minimums F32 {@code [outputs, groups]}.
 */
final class ScalarGroupedWeights implements LinearWeights {
    private final LinearPrecision precision;
    private final GroupFormat format;
    private final int numInputs;
    private final int numOutputs;
    private final int numGroups;
    private final long rowBytes;
    private final MemorySegment numbers;
    private final MemorySegment scales;
    private final MemorySegment minimums;
    private final @Nullable Float[] biases;

    private ScalarGroupedWeights(WeightMatrix.Grouped first, int numOutputs, LinearPrecision precision, Arena arena) {
        this.precision = precision;
        this.format = first.format();
        this.numInputs = Math.toIntExact(first.numInputs());
        this.numOutputs = numOutputs;
        this.numGroups = format.numGroups(numInputs);
        this.rowBytes = Math.ceilDiv((long) numInputs * format.bits(), 8);
        this.numbers = arena.allocate(Math.max(numOutputs * rowBytes, 1));
        this.scales = arena.allocate(Math.max(4L * numOutputs * numGroups, 1), Float.BYTES);
        this.minimums = arena.allocate(format.hasMinimums() ? Math.max(scales.byteSize(), 1) : 1, Float.BYTES);
        this.biases = new @Nullable Float[numOutputs];
    }

    static ScalarGroupedWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        WeightMatrix.Grouped first = (WeightMatrix.Grouped) parts.getFirst();
        ScalarGroupedWeights packed =
                new ScalarGroupedWeights(first, WeightMatrices.numOutputs(parts), precision, arena);
        int output = 0;
        for (WeightMatrix part : parts) {
            GroupedRow row = new GroupedRow(packed.format, packed.numInputs);
            for (int i = 0; i < part.numOutputs(); i++, output++) {
                ((WeightMatrix.Grouped) part).rows().read(i, row);
                packed.put(row, output);
                packed.biases[output] = part.bias() == null ? null : part.bias().get(i);
            }
        }
        return packed;
    }

    private void put(GroupedRow row, int output) {
        for (int input = 0; input < numInputs; input++) {
            byte number = row.numbers()[input];
            format.requireStorable(number);
            if (format.bits() == 8) {
                numbers.set(ValueLayout.JAVA_BYTE, output * rowBytes + input, number);
            } else {
                long offset = output * rowBytes + input / 2;
                int others = numbers.get(ValueLayout.JAVA_BYTE, offset);
                numbers.set(ValueLayout.JAVA_BYTE, offset, (byte) (others | (number << (4 * (input % 2)))));
            }
        }
        for (int group = 0; group < numGroups; group++) {
            long index = (long) output * numGroups + group;
            scales.setAtIndex(ValueLayout.JAVA_FLOAT, index, row.scales()[group]);
            if (format.hasMinimums()) {
                minimums.setAtIndex(ValueLayout.JAVA_FLOAT, index, row.minimums()[group]);
            }
        }
    }

    GroupFormat format() {
        return format;
    }

    int numGroups() {
        return numGroups;
    }

    int number(int output, int input) {
        if (format.bits() == 8) {
            return numbers.get(ValueLayout.JAVA_BYTE, output * rowBytes + input);
        }
        return numbers.get(ValueLayout.JAVA_BYTE, output * rowBytes + input / 2) >> (4 * (input % 2)) & 15;
    }

    float scale(int output, int group) {
        return scales.getAtIndex(ValueLayout.JAVA_FLOAT, (long) output * numGroups + group);
    }

    float minimum(int output, int group) {
        return minimums.getAtIndex(ValueLayout.JAVA_FLOAT, (long) output * numGroups + group);
    }

    /** Null for none. */
    @Nullable
    Float bias(int output) {
        return biases[output];
    }

    @Override
    public int numInputs() {
        return numInputs;
    }

    @Override
    public int numOutputs() {
        return numOutputs;
    }

    @Override
    public LinearPrecision precision() {
        return precision;
    }

    @Override
    public int outputGrain() {
        return 1;
    }

    @Override
    public long packedBytes() {
        return numbers.byteSize() + scales.byteSize() + (format.hasMinimums() ? minimums.byteSize() : 0);
    }
}
