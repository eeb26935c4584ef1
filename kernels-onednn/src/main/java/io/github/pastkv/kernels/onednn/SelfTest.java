package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;

/** Compares small layers with the scalar kernels before a precision is used; takes some milliseconds. */
final class SelfTest {
    private static final int NUM_INPUTS = 67;
    private static final int NUM_OUTPUTS = 130;
    private static final int NUM_TOKENS = 3;
    /** Tolerance for sums of products of order 1: far above rounding errors, far below wrong results. */
    private static final float TOLERANCE = 1e-3f;

    private final ScalarKernels scalar = new ScalarKernels();
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
        List<WeightMatrix> parts = List.of(new WeightMatrix.Plain(random(stored, NUM_OUTPUTS, NUM_INPUTS), null));
        OneDnnLinearWeights weights = OneDnnLinearWeights.pack(parts, precision, arena);
        if (weights == null) {
            throw new UnsupportedOperationException(
                    "oneDNN: has no kernel for " + precision + " that keeps a row's bits");
        }
        Tensor x = random(DataType.F32, NUM_TOKENS, NUM_INPUTS);
        Tensor rounded = Tensor.allocate(arena, weights.inputType(), NUM_TOKENS, NUM_INPUTS);
        if (precision.compute() == ComputeType.BF16) {
            scalar.round(x, rounded, NUM_INPUTS, 0, NUM_TOKENS);
        } else {
            x.copyTo(rounded);
        }
        Tensor actual = Tensor.allocate(arena, DataType.F32, NUM_TOKENS, NUM_OUTPUTS);
        OneDnnLinear.linear(rounded, weights, actual, NUM_TOKENS, 0, NUM_OUTPUTS);
        requireClose(precision, actual, expected(rounded, parts, precision));
        String implementation = weights.kernel(0).implementation();
        return implementation.substring(implementation.indexOf(':') + 1);
    }

    private Tensor expected(Tensor rounded, List<WeightMatrix> parts, LinearPrecision precision) {
        Tensor wide = Tensor.allocate(arena, DataType.F32, NUM_TOKENS, NUM_INPUTS);
        rounded.copyTo(wide);
        LinearWeights weights = scalar.pack(parts, precision, arena);
        Tensor expected = Tensor.allocate(arena, DataType.F32, NUM_TOKENS, NUM_OUTPUTS);
        scalar.linear(wide, weights, expected, NUM_TOKENS, 0, NUM_OUTPUTS);
        return expected;
    }

    private static void requireClose(LinearPrecision precision, Tensor actual, Tensor expected) {
        for (int token = 0; token < NUM_TOKENS; token++) {
            for (int output = 0; output < NUM_OUTPUTS; output++) {
                float difference = Math.abs(actual.get(token, output) - expected.get(token, output));
                if (!(difference <= TOLERANCE)) {
                    throw new UnsupportedOperationException("oneDNN: its self-test failed for " + precision + ": got "
                            + actual.get(token, output) + ", must be " + expected.get(token, output));
                }
            }
        }
    }

    private Tensor random(DataType type, int rows, int columns) {
        Tensor tensor = Tensor.allocate(arena, type, rows, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                tensor.set((float) random.nextGaussian(), row, column);
            }
        }
        return tensor;
    }
}
