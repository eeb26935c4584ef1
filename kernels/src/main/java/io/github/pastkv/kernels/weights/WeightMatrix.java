package io.github.pastkv.kernels.weights;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights {@code [outputs, inputs]} of a linear layer as a file stores them, with the layer's bias. Matrices that
 * read the same input are packed into one layer by the kernels. Immutable views of memory that belongs to the file.
 */
public sealed interface WeightMatrix {
    /** Rows of the matrix. */
    long numOutputs();

    /** Columns of the matrix. */
    long numInputs();

    /** {@code [outputs]}, or null for none. */
    @Nullable
    Tensor bias();

    /** The same weights with another bias, null for none. */
    WeightMatrix withBias(@Nullable Tensor newBias);

    /** Outputs {@code [from, to)}, over the same memory. */
    WeightMatrix outputs(long from, long to);

    /** A copy of the weights of inputs {@code [from, to)} as floats, {@code [outputs, to - from]} row-major. */
    float[] weights(long from, long to);

    /** A copy of all weights as floats, {@code [outputs, inputs]} row-major. */
    default float[] weights() {
        return weights(0, numInputs());
    }

    /** Floats, or integers with a scale for each output where {@code scales} is not null. */
    static WeightMatrix of(Tensor weight, @Nullable Tensor bias, @Nullable Tensor scales) {
        return scales == null ? new Plain(weight, bias) : new RowScaled(weight, scales, bias);
    }

    /**
     * Floats.
     *
     * @param weight {@code [outputs, inputs]}, of a float type, any strides (a transposed view is fine)
     */
    record Plain(Tensor weight, @Nullable Tensor bias) implements WeightMatrix {
        public Plain {
            WeightMatrices.requireShapes(weight, bias);
            if (weight.dataType() == DataType.I8) {
                throw new IllegalArgumentException(
                        "scales: null, weight is " + weight.typeAndShape() + "; integers need scales");
            }
        }

        @Override
        public long numOutputs() {
            return weight.shape(0);
        }

        @Override
        public long numInputs() {
            return weight.shape(1);
        }

        @Override
        public WeightMatrix withBias(@Nullable Tensor newBias) {
            return new Plain(weight, newBias);
        }

        @Override
        public WeightMatrix outputs(long from, long to) {
            return new Plain(weight.narrow(0, from, to), WeightMatrices.narrow(bias, from, to));
        }

        @Override
        public float[] weights(long from, long to) {
            return weight.narrow(1, from, to).toFloatArray();
        }
    }

    /**
     * Integers with one scale for each output: weight = scale * integer.
     *
     * @param weight I8 {@code [outputs, inputs]}, any strides
     * @param scales F32 {@code [outputs]}
     */
    record RowScaled(Tensor weight, Tensor scales, @Nullable Tensor bias) implements WeightMatrix {
        public RowScaled {
            WeightMatrices.requireShapes(weight, bias);
            WeightMatrices.requireForEachOutput("scales", scales, weight);
            if (weight.dataType() != DataType.I8) {
                throw new IllegalArgumentException(
                        "scales: " + scales.typeAndShape() + ", weight is " + weight.typeAndShape()
                                + "; only integers have scales");
            }
        }

        @Override
        public long numOutputs() {
            return weight.shape(0);
        }

        @Override
        public long numInputs() {
            return weight.shape(1);
        }

        @Override
        public WeightMatrix withBias(@Nullable Tensor newBias) {
            return new RowScaled(weight, scales, newBias);
        }

        @Override
        public WeightMatrix outputs(long from, long to) {
            return new RowScaled(weight.narrow(0, from, to), scales.narrow(0, from, to),
                    WeightMatrices.narrow(bias, from, to));
        }

        @Override
        public float[] weights(long from, long to) {
            float[] weights = weight.narrow(1, from, to).toFloatArray();
            for (int i = 0; i < weights.length; i++) {
                weights[i] *= scales.get(i / (to - from));
            }
            return weights;
        }
    }

    /**
     * Integers with a scale, and optionally a minimum, for each group of neighboring inputs of an output: weight =
     * scale * integer + minimum. The last group of a row may be shorter.
     *
     * @param rows reads one output from the file's own format
     */
    record Grouped(GroupFormat format, long numOutputs, long numInputs, GroupedRow.Source rows,
            @Nullable Tensor bias) implements WeightMatrix {
        public Grouped {
            if (bias != null && (bias.rank() != 1 || bias.shape(0) != numOutputs)) {
                throw new IllegalArgumentException("bias: " + bias.typeAndShape() + ", outputs are " + numOutputs);
            }
        }

        @Override
        public WeightMatrix withBias(@Nullable Tensor newBias) {
            return new Grouped(format, numOutputs, numInputs, rows, newBias);
        }

        @Override
        public WeightMatrix outputs(long from, long to) {
            return new Grouped(format, to - from, numInputs, (output, row) -> rows.read(from + output, row),
                    WeightMatrices.narrow(bias, from, to));
        }

        @Override
        public float[] weights(long from, long to) {
            GroupedRow row = new GroupedRow(format, Math.toIntExact(numInputs));
            float[] weights = new float[Math.toIntExact(numOutputs * (to - from))];
            int i = 0;
            for (long output = 0; output < numOutputs; output++) {
                rows.read(output, row);
                for (int input = (int) from; input < to; input++) {
                    weights[i++] = row.weight(input);
                }
            }
            return weights;
        }
    }
}
