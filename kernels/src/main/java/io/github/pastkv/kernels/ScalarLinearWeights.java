package io.github.pastkv.kernels;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The parts of a linear layer one below the other, {@code [outputs, inputs]}, in their own type, biases in F32. */
final class ScalarLinearWeights implements LinearWeights {
    private final DataType dataType;
    private final Tensor weights;
    private final float[] biases;
    private final boolean[] hasBias;

    private ScalarLinearWeights(Tensor weights) {
        this.dataType = weights.dataType();
        this.weights = weights;
        this.biases = new float[numOutputs()];
        this.hasBias = new boolean[numOutputs()];
    }

    static ScalarLinearWeights pack(List<LinearPart> parts, Arena arena) {
        Tensor first = LinearParts.requireMatching(parts);
        Tensor weights = Tensor.allocate(arena, first.dataType(), LinearParts.numOutputs(parts), first.shape(1));
        ScalarLinearWeights packed = new ScalarLinearWeights(weights);
        int from = 0;
        for (LinearPart part : parts) {
            packed.put(part, from);
            from += Math.toIntExact(part.weight().shape(0));
        }
        return packed;
    }

    private void put(LinearPart part, int fromOutput) {
        long numRows = part.weight().shape(0);
        part.weight().copyTo(weights.narrow(0, fromOutput, fromOutput + numRows));
        for (int row = 0; part.bias() != null && row < numRows; row++) {
            hasBias[fromOutput + row] = true;
            biases[fromOutput + row] = part.bias().get(row);
        }
    }

    float weight(int output, int input) {
        MemorySegment segment = weights.segment();
        return dataType.read(segment, ((long) output * numInputs() + input) * dataType.bytes());
    }

    boolean hasBias(int output) {
        return hasBias[output];
    }

    float bias(int output) {
        return biases[output];
    }

    @Override
    public int numInputs() {
        return (int) weights.shape(1);
    }

    @Override
    public int numOutputs() {
        return (int) weights.shape(0);
    }

    @Override
    public int outputGrain() {
        return 1;
    }

    @Override
    public long packedBytes() {
        return weights.segment().byteSize();
    }
}
