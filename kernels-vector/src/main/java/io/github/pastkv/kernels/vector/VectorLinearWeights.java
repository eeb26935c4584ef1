package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A linear layer in panels of {@link #PANEL_OUTPUTS} outputs, two vectors: the lanes are outputs, so each output keeps
 * its own chain over the inputs and no sum crosses lanes. A panel is read from front to back, for one token as for
 * many.
 *
 * <p>A panel of F32 weights is {@code [input][output]}. In a panel of BF16 weights the two vectors of an input lie
 * interleaved, {@code [input][lane][2]}: an int holds a weight of each, and a shift and a mask widen both. F16 weights
 * are widened to F32. The last panel is filled up with outputs of zero weight. Biases are F32, -0 where there is none:
 * adding it changes no sum.
 */
final class VectorLinearWeights implements LinearWeights {
    /** Outputs of a panel. */
    static final int PANEL_OUTPUTS = 2 * Lanes.COUNT;
    /** Outputs of a panel at the widest vectors, so that ranges are the same at every width. */
    private static final int OUTPUT_GRAIN = 32;

    private static final long ALIGNMENT = 64;

    private final int numInputs;
    private final int numOutputs;
    private final DataType dataType;
    private final LinearPrecision precision;
    private final MemorySegment panels;
    private final MemorySegment biases;

    private VectorLinearWeights(int numInputs, int numOutputs, DataType dataType, LinearPrecision precision,
            Arena arena) {
        this.precision = precision;
        this.numInputs = numInputs;
        this.numOutputs = numOutputs;
        this.dataType = dataType;
        int numPanels = Math.ceilDiv(numOutputs, PANEL_OUTPUTS);
        this.panels = arena.allocate(Math.max(numPanels * panelBytes(), 1), ALIGNMENT);
        this.biases = arena.allocate(Math.max((long) numPanels * PANEL_OUTPUTS * Float.BYTES, 1), ALIGNMENT);
    }

    static VectorLinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        Tensor first = WeightMatrices.tensor(WeightMatrices.requireMatching(parts, precision));
        DataType packedType = first.dataType() == DataType.BF16 ? DataType.BF16 : DataType.F32;
        VectorLinearWeights packed = new VectorLinearWeights(Math.toIntExact(first.shape(1)),
                WeightMatrices.numOutputs(parts), packedType, precision, arena);
        int from = 0;
        for (WeightMatrix part : parts) {
            packed.put(part, from);
            from += Math.toIntExact(part.numOutputs());
        }
        return packed;
    }

    private void put(WeightMatrix part, int fromOutput) {
        for (int row = 0; row < part.numOutputs(); row++) {
            int output = fromOutput + row;
            float bias = part.bias() == null ? -0f : part.bias().get(row);
            DataType.F32.write(biases, (long) output * Float.BYTES, bias);
            putRow(WeightMatrices.tensor(part), row, output);
        }
    }

    private void putRow(Tensor weight, int row, int output) {
        DataType sourceType = weight.dataType();
        long source = row * weight.stride(0) * sourceType.bytes();
        long sourceStep = weight.stride(1) * sourceType.bytes();
        for (int input = 0; input < numInputs; input++) {
            long target = weightByteOffset(output, input);
            if (dataType == DataType.BF16) {
                copyShort(weight.segment(), source, panels, target);
            } else {
                DataType.F32.write(panels, target, sourceType.read(weight.segment(), source));
            }
            source += sourceStep;
        }
    }

    private static void copyShort(MemorySegment source, long sourceByteOffset, MemorySegment target,
            long targetByteOffset) {
        short bits = source.get(ValueLayout.JAVA_SHORT_UNALIGNED, sourceByteOffset);
        target.set(ValueLayout.JAVA_SHORT_UNALIGNED, targetByteOffset, bits);
    }

    private long weightByteOffset(int output, int input) {
        int inRow = output % PANEL_OUTPUTS;
        if (dataType == DataType.BF16) {
            inRow = 2 * (inRow % Lanes.COUNT) + inRow / Lanes.COUNT;
        }
        long inPanel = (long) input * PANEL_OUTPUTS + inRow;
        return panelByteOffset(output) + inPanel * dataType.bytes();
    }

    private long panelBytes() {
        return (long) numInputs * PANEL_OUTPUTS * dataType.bytes();
    }

    /** F32 or BF16. */
    DataType dataType() {
        return dataType;
    }

    MemorySegment panels() {
        return panels;
    }

    /** First byte of the panel of {@code output}. */
    long panelByteOffset(int output) {
        return output / PANEL_OUTPUTS * panelBytes();
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
        return panels.byteSize() + biases.byteSize();
    }
}
