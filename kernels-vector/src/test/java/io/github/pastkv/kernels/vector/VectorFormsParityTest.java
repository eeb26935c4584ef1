package io.github.pastkv.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.ComputeType;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearPrecision;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.kernels.WeightMatrices;
import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounding of inputs and int8 weights: the vector kernels against the scalar ones. */
@Tag("kernels")
class VectorFormsParityTest {
    private static final LinearPrecision INT8 = new LinearPrecision(ComputeType.F32, WeightType.INT8);

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(977);
    private final Kernels scalar = new ScalarKernels();
    private final Kernels vector = new VectorKernels();

    @AfterEach
    void free() {
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void round_givesTheBitsOfTheScalarTwin(DataType target) {
        for (int width : new int[] {1, 3, 4, 7, 8, 13, 16, 17, 31, 33, 207}) {
            Tensor x = Numbers.rows(arena, random, 5, width, 3);
            Numbers.strew(x, random, 2 * width);
            Tensor actual = Tensor.allocate(arena, target, 5, width + 2).narrow(1, 0, width);
            Tensor expected = Tensor.allocate(arena, target, 5, width + 2).narrow(1, 0, width);
            vector.round(x, actual, width, 1, 5);
            scalar.round(x, expected, width, 1, 5);
            Numbers.assertSameBits(actual, expected, "width " + width);
            assertThat(actual.get(0, 0)).as("the row before the range").isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(value = DataType.class, names = {"F32", "F16", "BF16"})
    void linear_ofInt8Weights_givesTheBitsOfTheScalarTwin(DataType stored) {
        for (int numOutputs : new int[] {1, 15, 16, 17, 31, 48, 63, 64, 65, 130, 207}) {
            for (int numInputs : new int[] {1, 3, 4, 31, 48, 207}) {
                for (int numTokens : new int[] {1, 2, 3, 5}) {
                    Tensor x = Numbers.rows(arena, random, numTokens, numInputs, 3);
                    compare(x, List.of(part(stored, numOutputs, numInputs, numOutputs % 2 == 0)));
                }
            }
        }
        compare(Numbers.rows(arena, random, 33, 33, 0), List.of(part(stored, 20, 33, true), part(stored, 7, 33, false),
                new WeightMatrix.Plain(WeightMatrices.tensor(part(stored, 33, 50, false)).transpose(0, 1), null)));
    }

    @Test
    void linear_ofInt8Weights_ofAnyNumberOfTokens_givesTheSameRows() {
        Tensor x = Numbers.rows(arena, random, 130, 207, 0);
        LinearWeights weights = vector.pack(List.of(part(DataType.BF16, 97, 207, true)), INT8, arena);
        Tensor all = Tensor.allocate(arena, DataType.F32, 130, 97);
        vector.linear(x, weights, all, 130, 0, 97);
        for (int numTokens = 1; numTokens <= 130; numTokens++) {
            Tensor some = Tensor.allocate(arena, DataType.F32, numTokens, 97);
            vector.linear(x.narrow(0, 130 - numTokens, 130), weights, some, numTokens, 0, 64);
            vector.linear(x.narrow(0, 130 - numTokens, 130), weights, some, numTokens, 64, 97);
            Numbers.assertSameBits(some, all.narrow(0, 130 - numTokens, 130), numTokens + " tokens");
        }
    }

    private WeightMatrix part(DataType stored, int numOutputs, int numInputs, boolean withBias) {
        Tensor weight = Numbers.as(arena, stored, Numbers.rows(arena, random, numOutputs, numInputs, 0));
        Tensor bias = Numbers.rows(arena, random, 1, numOutputs, 0).reshape(numOutputs);
        return new WeightMatrix.Plain(weight, withBias ? bias : null);
    }

    private void compare(Tensor x, List<WeightMatrix> parts) {
        Tensor actual = run(vector, x, parts);
        Numbers.assertSameBits(actual, run(scalar, x, parts), parts.getFirst() + " on " + x);
        Numbers.assertGapsUntouched(actual, "int8");
    }

    private Tensor run(Kernels kernels, Tensor x, List<WeightMatrix> parts) {
        LinearWeights weights = kernels.pack(parts, INT8, arena);
        int numTokens = (int) x.shape(0);
        Tensor y = Numbers.filled(arena, Float.NaN, numTokens, weights.numOutputs(), 5);
        kernels.linear(x, weights, y, numTokens, 0, weights.numOutputs());
        return y;
    }
}
