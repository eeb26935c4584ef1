package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.GroupFormat;
import io.github.pastkv.kernels.GroupedRow;
import io.github.pastkv.kernels.LinearPrecision;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.WeightMatrices;
import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Grouped integer weights in panels of {@link #PANEL_OUTPUTS} outputs, four vectors. With 8 bits a panel is {@code
 * [input][lane][4]}: an int holds a weight of each vector. With 4 bits it is {@code [input / 2][lane][2][4]}: the
 * lower half of an int holds a weight of each vector for the even input, the upper half for the odd one. Scales and
 * minimums are F32 {@code [panel][group][output]}. The last panel is padded with outputs of scale 0; biases are -0
 * where there is none: adding it changes no sum.
 */
final class VectorGroupedWeights implements LinearWeights {
    /** Outputs of a panel. */
    static final int PANEL_OUTPUTS = 4 * Lanes.COUNT;
    /** Outputs of a panel at the widest vectors, so that ranges are the same at every width. */
    private static final int OUTPUT_GRAIN = 64;

    private static final long ALIGNMENT = 64;

    private final LinearPrecision precision;
    private final GroupFormat format;
    private final int numInputs;
    private final int numOutputs;
    private final int numGroups;
    private final MemorySegment panels;
    private final MemorySegment scales;
    private final MemorySegment minimums;
    private final MemorySegment biases;

    private VectorGroupedWeights(WeightMatrix.Grouped first, int numOutputs, LinearPrecision precision, Arena arena) {
        this.precision = precision;
        this.format = first.format();
        this.numInputs = Math.toIntExact(first.numInputs());
        this.numOutputs = numOutputs;
        this.numGroups = format.numGroups(numInputs);
        long numPanels = Math.ceilDiv(numOutputs, PANEL_OUTPUTS);
        this.panels = arena.allocate(Math.max(numPanels * panelBytes(), 1), ALIGNMENT);
        long scaleBytes = Math.max(numPanels * numGroups * PANEL_OUTPUTS * Float.BYTES, 1);
        this.scales = arena.allocate(scaleBytes, ALIGNMENT);
        this.minimums = format.hasMinimums() ? arena.allocate(scaleBytes, ALIGNMENT) : MemorySegment.NULL;
        this.biases = arena.allocate(Math.max(numPanels * PANEL_OUTPUTS * Float.BYTES, 1), ALIGNMENT);
    }

    /** Packs on all processors. */
    static VectorGroupedWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        VectorGroupedWeights packed = new VectorGroupedWeights((WeightMatrix.Grouped) parts.getFirst(),
                WeightMatrices.numOutputs(parts), precision, arena);
        int from = 0;
        for (WeightMatrix part : parts) {
            packed.put((WeightMatrix.Grouped) part, from);
            from += Math.toIntExact(part.numOutputs());
        }
        return packed;
    }

    private void put(WeightMatrix.Grouped part, int fromOutput) {
        if (fromOutput % OUTPUT_GRAIN == 0) {
            WeightMatrices.packRows(part, panels, OUTPUT_GRAIN, (from, to) -> put(part, fromOutput, from, to));
        } else { // ranges would share panels, and bytes of them
            put(part, fromOutput, 0, Math.toIntExact(part.numOutputs()));
        }
    }

    private void put(WeightMatrix.Grouped part, int fromOutput, int fromRow, int toRow) {
        GroupedRow row = new GroupedRow(format, numInputs);
        for (int i = fromRow; i < toRow; i++) {
            part.rows().read(i, row);
            put(row, fromOutput + i);
            DataType.F32.write(biases, 4L * (fromOutput + i), part.bias() == null ? -0f : part.bias().get(i));
        }
    }

    private void put(GroupedRow row, int output) {
        int lane = output % PANEL_OUTPUTS % Lanes.COUNT;
        int vector = output % PANEL_OUTPUTS / Lanes.COUNT;
        long start = panelByteOffset(output) + 4L * lane;
        for (int input = 0; input < numInputs; input++) {
            byte number = row.numbers()[input];
            format.requireStorable(number);
            if (format.bits() == 8) {
                panels.set(ValueLayout.JAVA_BYTE, start + Lanes.BYTES * input + vector, number);
            } else {
                putHalfByte(start + Lanes.BYTES * (input / 2), 16 * (input % 2) + 4 * vector, number);
            }
        }
        for (int group = 0; group < numGroups; group++) {
            long offset = scaleByteOffset(output) + 4L * ((long) group * PANEL_OUTPUTS + output % PANEL_OUTPUTS);
            DataType.F32.write(scales, offset, row.scales()[group]);
            if (format.hasMinimums()) {
                DataType.F32.write(minimums, offset, row.minimums()[group]);
            }
        }
    }

    private void putHalfByte(long intOffset, int shift, byte number) {
        int others = panels.get(Lanes.INT, intOffset);
        panels.set(Lanes.INT, intOffset, others | (number << shift));
    }

    private long panelBytes() {
        long rows = format.bits() == 8 ? numInputs : Math.ceilDiv(numInputs, 2);
        return rows * Lanes.BYTES;
    }

    GroupFormat format() {
        return format;
    }

    int numGroups() {
        return numGroups;
    }

    MemorySegment panels() {
        return panels;
    }

    /** First byte of the panel of {@code output}. */
    long panelByteOffset(int output) {
        return output / PANEL_OUTPUTS * panelBytes();
    }

    /** First scale, or minimum, of the panel of {@code output}. */
    long scaleByteOffset(int output) {
        return 4L * (output / PANEL_OUTPUTS) * numGroups * PANEL_OUTPUTS;
    }

    MemorySegment scales() {
        return scales;
    }

    MemorySegment minimums() {
        return minimums;
    }

    /** F32, one for each output, the last panel's padding included. */
    MemorySegment biases() {
        return biases;
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
        return OUTPUT_GRAIN;
    }

    @Override
    public long packedBytes() {
        return panels.byteSize() + scales.byteSize() + minimums.byteSize() + biases.byteSize();
    }
}
