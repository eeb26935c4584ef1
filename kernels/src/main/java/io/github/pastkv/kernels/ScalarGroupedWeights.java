package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Grouped integer weights, output by output: codes {@code [outputs, inputs]} bit after bit, the lowest first, each row
 * in whole bytes; scales and minimums {@code [outputs, groups]}.
 */
final class ScalarGroupedWeights implements LinearWeights {
    private final LinearPrecision precision;
    private final GroupFormat format;
    private final int numInputs;
    private final int numOutputs;
    private final int numGroups;
    private final long rowBytes;
    private final MemorySegment codes;
    private final ScalarGroupScales scales;
    private final @Nullable ScalarGroupScales minimums;
    private final @Nullable Float[] biases;

    private ScalarGroupedWeights(WeightMatrix.Grouped first, int numOutputs, LinearPrecision precision, Arena arena) {
        this.precision = precision;
        this.format = first.format();
        this.numInputs = Math.toIntExact(first.numInputs());
        this.numOutputs = numOutputs;
        this.numGroups = format.numGroups(numInputs);
        this.rowBytes = Math.ceilDiv((long) numInputs * format.bits(), Byte.SIZE);
        this.codes = arena.allocate(numOutputs * rowBytes + 1); // a code may be read with the byte after it
        this.scales = new ScalarGroupScales(format, numInputs, numOutputs, arena);
        this.minimums = format.hasMinimums() ? new ScalarGroupScales(format, numInputs, numOutputs, arena) : null;
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
            int bit = input * format.bits();
            int code = format.integers().code(row.numbers()[input]) << (bit % Byte.SIZE);
            long offset = output * rowBytes + bit / Byte.SIZE;
            int others = twoBytes(offset) | code;
            codes.set(ValueLayout.JAVA_BYTE, offset, (byte) others);
            codes.set(ValueLayout.JAVA_BYTE, offset + 1, (byte) (others >>> Byte.SIZE));
        }
        scales.put(row.scales(), output);
        if (minimums != null) {
            minimums.put(row.minimums(), output);
        }
    }

    private int twoBytes(long offset) {
        return Byte.toUnsignedInt(codes.get(ValueLayout.JAVA_BYTE, offset))
                | Byte.toUnsignedInt(codes.get(ValueLayout.JAVA_BYTE, offset + 1)) << Byte.SIZE;
    }

    GroupFormat format() {
        return format;
    }

    int numGroups() {
        return numGroups;
    }

    int number(int output, int input) {
        int bit = input * format.bits();
        int code = twoBytes(output * rowBytes + bit / Byte.SIZE) >>> (bit % Byte.SIZE) & ((1 << format.bits()) - 1);
        return format.integers().number(code);
    }

    float scale(int output, int group) {
        return scales.get(output, group);
    }

    /** 0 where the format has none. */
    float minimum(int output, int group) {
        return minimums == null ? 0f : minimums.get(output, group);
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
        return codes.byteSize() + scales.byteSize() + (minimums == null ? 0 : minimums.byteSize());
    }
}
