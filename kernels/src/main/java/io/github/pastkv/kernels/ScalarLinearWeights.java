package io.github.pastkv.kernels;

import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.QuantizedRow;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The concatenated parts of a linear layer, {@code [outputs, inputs]}: weights in their own type, or as integers of one
 * byte with a scale for each output; biases in F32.
 */
final class ScalarLinearWeights implements LinearWeights {
    private final LinearPrecision precision;
    private final int numInputs;
    private final DataType storedType;
    private final MemorySegment weights;
    private final float[] scales;
    private final float[] biases;
    private final boolean[] hasBias;

    private ScalarLinearWeights(Tensor first, int numOutputs, LinearPrecision precision, Arena arena) {
        this.precision = precision;
        this.numInputs = Math.toIntExact(first.shape(1));
        this.storedType = first.dataType();
        this.weights = arena.allocate(Math.max((long) numOutputs * numInputs * weightBytes(), 1));
        this.scales = new float[numOutputs];
        this.biases = new float[numOutputs];
        this.hasBias = new boolean[numOutputs];
    }

    static ScalarLinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        Tensor first = WeightMatrices.tensor(WeightMatrices.requireMatching(parts, precision));
        ScalarLinearWeights packed = new ScalarLinearWeights(first, WeightMatrices.numOutputs(parts), precision, arena);
        int from = 0;
        for (WeightMatrix part : parts) {
            packed.put(part, from);
            from += Math.toIntExact(part.numOutputs());
        }
        return packed;
    }

    private void put(WeightMatrix part, int fromOutput) {
        long numRows = part.numOutputs();
        if (isScaled()) {
            putQuantized(part, fromOutput);
        } else {
            MemorySegment target = weights.asSlice((long) fromOutput * numInputs * weightBytes());
            WeightMatrices.tensor(part).copyTo(Tensor.wrap(storedType, target, numRows, numInputs));
        }
        for (int row = 0; part.bias() != null && row < numRows; row++) {
            hasBias[fromOutput + row] = true;
            biases[fromOutput + row] = part.bias().get(row);
        }
    }

    private void putQuantized(WeightMatrix part, int fromOutput) {
        QuantizedRow quantized = new QuantizedRow(numInputs);
        for (int row = 0; row < part.numOutputs(); row++) {
            quantized.quantize(part, row);
            scales[fromOutput + row] = quantized.scale();
            MemorySegment.copy(quantized.numbers(), 0, weights, ValueLayout.JAVA_BYTE,
                    (long) (fromOutput + row) * numInputs, numInputs);
        }
    }

    private int weightBytes() {
        return isScaled() ? Byte.BYTES : storedType.bytes();
    }

    /** Whether weights are integers, to be multiplied by {@link #scale}. */
    boolean isScaled() {
        return precision.weights() == WeightType.INT8;
    }

    float weight(int output, int input) {
        long index = (long) output * numInputs + input;
        return isScaled() ? weights.get(ValueLayout.JAVA_BYTE, index)
                : storedType.read(weights, index * storedType.bytes());
    }

    float scale(int output) {
        return scales[output];
    }

    boolean hasBias(int output) {
        return hasBias[output];
    }

    float bias(int output) {
        return biases[output];
    }

    @Override
    public int numInputs() {
        return numInputs;
    }

    @Override
    public int numOutputs() {
        return biases.length;
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
        return weights.byteSize();
    }
}
