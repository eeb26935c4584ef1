package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Grouped integer weights in panels of {@link #PANEL_OUTPUTS} outputs, four vectors. The codes are in one plane or two,
 * of their lower and their higher bits. Signed codes have their sign bit inverted, so that they count from 0. The last
 * panel is padded with outputs of scale 0; biases are -0 where there is none: adding it changes no sum.
 */
final class VectorGroupedWeights implements LinearWeights {
    /** Outputs of a panel. */
    static final int PANEL_OUTPUTS = CodePlane.PANEL_OUTPUTS;
    /** Outputs of a panel at the widest vectors, so that ranges are the same at every width. */
    private static final int OUTPUT_GRAIN = 64;

    private static final long ALIGNMENT = 64;

    private final LinearPrecision precision;
    private final GroupFormat format;
    private final int numInputs;
    private final int numOutputs;
    private final CodePlane lows;
    private final @Nullable CodePlane highs;
    private final VectorGroupScales scales;
    private final @Nullable VectorGroupScales minimums;
    private final MemorySegment biases;

    private VectorGroupedWeights(WeightMatrix.Grouped first, int numOutputs, LinearPrecision precision, Arena arena) {
        this.precision = precision;
        this.format = first.format();
        this.numInputs = Math.toIntExact(first.numInputs());
        this.numOutputs = numOutputs;
        int numPanels = Math.ceilDiv(numOutputs, PANEL_OUTPUTS);
        int lowBits = lowBits(format.integers());
        this.lows = lowBits == 6 ? new SixBitPlane(numInputs, numPanels, arena)
                : new BitPlane(lowBits, 0, numInputs, numPanels, arena);
        this.highs = format.bits() == lowBits ? null
                : new BitPlane(format.bits() - lowBits, lowBits, numInputs, numPanels, arena);
        this.scales = new VectorGroupScales(format, numInputs, numPanels, arena);
        this.minimums = format.hasMinimums() ? new VectorGroupScales(format, numInputs, numPanels, arena) : null;
        this.biases = arena.allocate(Math.max((long) numPanels * PANEL_OUTPUTS * Float.BYTES, 1), ALIGNMENT);
    }

    private static int lowBits(Integers integers) {
        return switch (integers.bits()) {
            case 8, 6 -> integers.bits();
            case 5, 4 -> 4;
            default -> 2;
        };
    }

    /** Packs on all processors. */
    static VectorGroupedWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        VectorGroupedWeights packed = new VectorGroupedWeights((WeightMatrix.Grouped) parts.getFirst(),
                WeightMatrices.numOutputs(parts), precision, arena);
        IntStream ranges = IntStream.range(0, Math.ceilDiv(packed.numOutputs, OUTPUT_GRAIN));
        (WeightMatrices.areShared(parts, packed.biases) ? ranges.parallel() : ranges).forEach(
                range -> packed.put(parts, range * OUTPUT_GRAIN));
        return packed;
    }

    /** Packs the panels of a range. */
    private void put(List<WeightMatrix> parts, int fromOutput) {
        GroupedRow[] rows = new GroupedRow[PANEL_OUTPUTS];
        int to = Math.min(fromOutput + OUTPUT_GRAIN, numOutputs);
        for (int panel = fromOutput; panel < to; panel += PANEL_OUTPUTS) {
            int numRows = Math.min(PANEL_OUTPUTS, numOutputs - panel);
            for (int i = 0; i < numRows; i++) {
                rows[i] = rows[i] == null ? new GroupedRow(format, numInputs) : rows[i];
                read(parts, panel + i, rows[i]);
            }
            put(rows, numRows, panel / PANEL_OUTPUTS);
        }
    }

    private void read(List<WeightMatrix> parts, int output, GroupedRow row) {
        int inPart = output;
        for (WeightMatrix part : parts) {
            if (inPart < part.numOutputs()) {
                ((WeightMatrix.Grouped) part).rows().read(inPart, row);
                float bias = part.bias() == null ? -0f : part.bias().get(inPart);
                DataType.F32.write(biases, 4L * output, bias);
                return;
            }
            inPart -= Math.toIntExact(part.numOutputs());
        }
        throw new AssertionError("no output " + output);
    }

    private void put(GroupedRow[] rows, int numRows, int panel) {
        byte[][] codes = new byte[numRows][];
        for (int row = 0; row < numRows; row++) {
            codes[row] = rows[row].numbers(); // codes take the place of the numbers
            GroupCodes.replace(codes[row], format.integers());
        }
        lows.put(codes, panel);
        if (highs != null) {
            highs.put(codes, panel);
        }
        scales.put(rows, numRows, panel, GroupedRow::scales);
        if (minimums != null) {
            minimums.put(rows, numRows, panel, GroupedRow::minimums);
        }
    }

    GroupFormat format() {
        return format;
    }

    /** The lower bits of all codes, or all bits. */
    CodePlane lows() {
        return lows;
    }

    /** The higher bits; only of formats of two planes. */
    CodePlane highs() {
        if (highs == null) {
            throw new IllegalStateException("highs: " + format + " has one plane");
        }
        return highs;
    }

    VectorGroupScales scales() {
        return scales;
    }

    /** Null where the format has none. */
    @Nullable
    VectorGroupScales minimums() {
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
        return lows.byteSize() + (highs == null ? 0 : highs.byteSize()) + scales.byteSize()
                + (minimums == null ? 0 : minimums.byteSize()) + biases.byteSize();
    }
}
