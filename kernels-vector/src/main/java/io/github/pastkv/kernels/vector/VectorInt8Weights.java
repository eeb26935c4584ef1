package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.QuantizedRow;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A linear layer of integers of one byte in panels of {@link #PANEL_OUTPUTS} outputs, four vectors: {@code
 * [input][lane][4]}, so that an int holds a weight of each vector, for the same input, and shifts part them. Scales and
 * biases are F32; the last panel is filled up with outputs of zero weight; biases are -0 where there is none: adding it
 * changes no sum.
 */
final class VectorInt8Weights implements LinearWeights {
    /** Outputs of a panel. */
    static final int PANEL_OUTPUTS = 4 * Lanes.COUNT;
    /** Outputs of a panel at the widest vectors, so that ranges are the same at every width. */
    private static final int OUTPUT_GRAIN = 64;

    private static final long ALIGNMENT = 64;

    private final int numInputs;
    private final int numOutputs;
    private final LinearPrecision precision;
    private final MemorySegment panels;
    private final MemorySegment scales;
    private final MemorySegment biases;

    private VectorInt8Weights(int numInputs, int numOutputs, LinearPrecision precision, Arena arena) {
        this.numInputs = numInputs;
        this.numOutputs = numOutputs;
        this.precision = precision;
        long paddedOutputs = (long) Math.ceilDiv(numOutputs, PANEL_OUTPUTS) * PANEL_OUTPUTS;
        this.panels = arena.allocate(Math.max(paddedOutputs * numInputs, 1), ALIGNMENT);
        this.scales = arena.allocate(Math.max(paddedOutputs * Float.BYTES, 1), ALIGNMENT);
        this.biases = arena.allocate(Math.max(paddedOutputs * Float.BYTES, 1), ALIGNMENT);
    }

    /** Quantizes and packs, on all processors. */
    static VectorInt8Weights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        Tensor first = WeightMatrices.tensor(WeightMatrices.requireMatching(parts, precision));
        VectorInt8Weights packed = new VectorInt8Weights(Math.toIntExact(first.shape(1)),
                WeightMatrices.numOutputs(parts), precision, arena);
        int from = 0;
        for (WeightMatrix part : parts) {
            packed.put(part, from);
            from += Math.toIntExact(part.numOutputs());
        }
        return packed;
    }

    private void put(WeightMatrix part, int fromOutput) {
        WeightMatrices.packRows(part, panels, OUTPUT_GRAIN, (fromRow, toRow) -> {
            QuantizedRow row = new QuantizedRow(numInputs);
            for (int i = fromRow; i < toRow; i++) {
                row.quantize(part, i);
                putRow(row, fromOutput + i);
                DataType.F32.write(biases, 4L * (fromOutput + i), part.bias() == null ? -0f : part.bias().get(i));
            }
        });
    }

    private void putRow(QuantizedRow row, int output) {
        byte[] numbers = row.numbers();
        int inPanel = output % PANEL_OUTPUTS;
        long start = panelByteOffset(output) + 4L * (inPanel % Lanes.COUNT) + inPanel / Lanes.COUNT;
        for (int input = 0; input < numInputs; input++) {
            panels.set(ValueLayout.JAVA_BYTE, start + (long) input * PANEL_OUTPUTS, numbers[input]);
        }
        DataType.F32.write(scales, 4L * output, row.scale());
    }

    MemorySegment panels() {
        return panels;
    }

    /** First byte of the panel of {@code output}. */
    long panelByteOffset(int output) {
        return (long) (output / PANEL_OUTPUTS) * numInputs * PANEL_OUTPUTS;
    }

    /** F32, one for each output, the last panel's padding included. */
    MemorySegment scales() {
        return scales;
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
        return panels.byteSize() + scales.byteSize() + biases.byteSize();
    }
}
