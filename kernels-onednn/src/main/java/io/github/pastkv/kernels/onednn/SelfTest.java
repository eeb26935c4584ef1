package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.QuantizedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;

/** Compares a small layer with plain loops before a precision is used; takes some milliseconds. */
final class SelfTest {
    private static final int NUM_INPUTS = 67;
    private static final int NUM_OUTPUTS = 130;
    private static final int NUM_TOKENS = 3;
    /** Tolerance for sums of products of order 1: far above rounding errors, far below wrong results. */
    private static final float TOLERANCE = 1e-3f;

    private final Random random = new Random(3);
    private final Arena arena;

    private SelfTest(Arena arena) {
        this.arena = arena;
    }

    /**
     * Tests a precision.
     *
     * @return the instruction set of the kernel that the library chose, for example {@code avx512_core_bf16}
     * @throws UnsupportedOperationException when there is no kernel or it computes something else
     */
    static String run(LinearPrecision precision) {
        try (Arena arena = Arena.ofShared()) {
            return new SelfTest(arena).tryPrecision(precision,
                    precision.compute() == ComputeType.BF16 ? DataType.BF16 : DataType.F32);
        }
    }

    private String tryPrecision(LinearPrecision precision, DataType stored) {
        float[] weight = random(NUM_OUTPUTS * NUM_INPUTS, stored);
        float[] x = random(NUM_TOKENS * NUM_INPUTS,
                precision.compute() == ComputeType.BF16 ? DataType.BF16 : DataType.F32);
        WeightMatrix part = new WeightMatrix.Plain(tensor(stored, weight, NUM_OUTPUTS), null);
        OneDnnLinearWeights weights = OneDnnLinearWeights.pack(List.of(part), precision, arena);
        if (weights == null) {
            throw new UnsupportedOperationException(
                    "oneDNN: has no kernel for " + precision + " that keeps a row's bits");
        }
        Tensor actual = Tensor.allocate(arena, DataType.F32, NUM_TOKENS, NUM_OUTPUTS);
        OneDnnLinear.linear(tensor(weights.inputType(), x, NUM_TOKENS), weights, actual, NUM_TOKENS, 0, NUM_OUTPUTS);
        if (precision.weights() == WeightType.INT8) {
            quantize(part, weight);
        }
        requireClose(precision, actual, x, weight);
        String implementation = weights.kernel(0).implementation();
        return implementation.substring(implementation.indexOf(':') + 1);
    }

    /** Replaces weights by the products of integers and scales that stand for them. */
    private static void quantize(WeightMatrix part, float[] weight) {
        QuantizedRow row = new QuantizedRow(NUM_INPUTS);
        for (int output = 0; output < NUM_OUTPUTS; output++) {
            row.quantize(part, output);
            for (int input = 0; input < NUM_INPUTS; input++) {
                weight[output * NUM_INPUTS + input] = row.scale() * row.numbers()[input];
            }
        }
    }

    /** A plain loop over arrays, as it runs before anything is compiled. */
    private static float dot(float[] x, int xOffset, float[] weight, int weightOffset) {
        float sum = 0f;
        for (int input = 0; input < NUM_INPUTS; input++) {
            sum += x[xOffset + input] * weight[weightOffset + input];
        }
        return sum;
    }

    private static void requireClose(LinearPrecision precision, Tensor actual, float[] x, float[] weight) {
        for (int token = 0; token < NUM_TOKENS; token++) {
            for (int output = 0; output < NUM_OUTPUTS; output++) {
                float expected = dot(x, token * NUM_INPUTS, weight, output * NUM_INPUTS);
                float difference = Math.abs(actual.get(token, output) - expected);
                if (!(difference <= TOLERANCE)) {
                    throw new UnsupportedOperationException("oneDNN: its self-test failed for " + precision + ": got "
                            + actual.get(token, output) + ", must be " + expected);
                }
            }
        }
    }

    private float[] random(int count, DataType type) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            float number = random.nextFloat() * 4f - 2f;
            numbers[i] = type == DataType.BF16 ? DataType.BF16.round(number) : number;
        }
        return numbers;
    }

    private Tensor tensor(DataType type, float[] numbers, int rows) {
        Tensor tensor = Tensor.allocate(arena, type, rows, NUM_INPUTS);
        for (int i = 0; i < numbers.length; i++) {
            type.write(tensor.segment(), (long) i * type.bytes(), numbers[i]);
        }
        return tensor;
    }
}
