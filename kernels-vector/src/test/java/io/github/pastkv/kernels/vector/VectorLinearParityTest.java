package io.github.pastkv.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearPrecision;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.kernels.WeightMatrices;
import io.github.pastkv.kernels.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("kernels")
class VectorLinearParityTest {
    private static final int[] SIZES = {1, 7, 8, 13, 16, 31, 33, 64, 207};

    private final Kernels vector = new VectorKernels();
    private final Kernels scalar = new ScalarKernels();
    private final Random random = new Random(20251);
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(value = DataType.class, names = {"F32", "F16", "BF16"})
    void linear_atAwkwardSizes_givesTheBitsOfTheScalarTwin(DataType dataType) {
        for (int numInputs : SIZES) {
            for (int numOutputs : SIZES) {
                for (int numTokens : new int[] {1, 2, 3, 4, 5, 6, 9, 17}) {
                    Tensor x = Numbers.rows(arena, random, numTokens, numInputs, 3);
                    compare(x, List.of(part(dataType, numOutputs, numInputs, numOutputs % 2 == 0)), "linear");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DataType.class, names = {"F32", "F16", "BF16"})
    void linear_ofSeveralParts_givesTheBitsOfTheScalarTwin(DataType dataType) {
        List<WeightMatrix> parts = List.of(part(dataType, 20, 33, true), part(dataType, 7, 33, false),
                new WeightMatrix.Plain(WeightMatrices.tensor(part(dataType, 33, 50, false)).transpose(0, 1), null));
        compare(Numbers.rows(arena, random, 33, 33, 0), parts, "parts");
    }

    @ParameterizedTest
    @EnumSource(value = DataType.class, names = {"F32", "F16", "BF16"})
    void linear_ofExtremes_givesTheBitsOfTheScalarTwin(DataType dataType) {
        for (int run = 0; run < 20; run++) {
            Tensor x = Numbers.rows(arena, random, 9, 31, 1);
            Numbers.strew(x, random, 5);
            Tensor weight = Numbers.rows(arena, random, 50, 31, 0);
            Numbers.strew(weight, random, 5);
            compare(x, List.of(new WeightMatrix.Plain(Numbers.as(arena, dataType, weight), null)), "extremes");
        }
    }

    @Test
    void linear_ofSumThatUnderflows_keepsItsSign() {
        Tensor x = Numbers.filled(arena, -1e-40f, 5, 3, 0);
        Tensor weight = Numbers.filled(arena, 1e-30f, 33, 3, 0);
        compare(x, List.of(new WeightMatrix.Plain(weight, null)), "-0");
        assertThat(Float.floatToRawIntBits(run(vector, x, List.of(new WeightMatrix.Plain(weight, null))).get(0, 0)))
                .isEqualTo(Float.floatToRawIntBits(-0f));
    }

    @ParameterizedTest
    @CsvSource({"F32,48,33", "F32,207,64", "BF16,48,33", "BF16,207,64", "BF16,31,130", "F16,64,31"})
    void linear_ofAnyNumberOfTokens_givesTheSameRows(DataType dataType, int numInputs, int numOutputs) {
        Tensor x = Numbers.rows(arena, random, 130, numInputs, 0);
        LinearWeights weights =
                vector.pack(List.of(part(dataType, numOutputs, numInputs, true)), LinearPrecision.PLAIN, arena);
        Tensor all = Tensor.allocate(arena, DataType.F32, 130, numOutputs);
        vector.linear(x, weights, all, 130, 0, numOutputs);
        for (int numTokens = 1; numTokens <= 130; numTokens++) {
            Tensor some = Tensor.allocate(arena, DataType.F32, numTokens, numOutputs);
            vector.linear(x.narrow(0, 130 - numTokens, 130), weights, some, numTokens, 0, numOutputs);
            Numbers.assertSameBits(some, all.narrow(0, 130 - numTokens, 130), numTokens + " tokens");
        }
    }

    @Test
    void linear_inRanges_givesTheWhole() {
        int numOutputs = 207;
        Tensor x = Numbers.rows(arena, random, 6, 33, 0);
        LinearWeights weights =
                vector.pack(List.of(part(DataType.BF16, numOutputs, 33, true)), LinearPrecision.PLAIN, arena);
        Tensor whole = Tensor.allocate(arena, DataType.F32, 6, numOutputs);
        vector.linear(x, weights, whole, 6, 0, numOutputs);
        for (int step = weights.outputGrain(); step < numOutputs; step += weights.outputGrain()) {
            Tensor cut = Numbers.filled(arena, Float.NaN, 6, numOutputs, 0);
            for (int from = 0; from < numOutputs; from += step) {
                int to = Math.min(from + step, numOutputs);
                vector.linear(x, weights, cut, 6, from, to);
                if (to < numOutputs) {
                    assertThat(cut.get(5, to)).as("the number behind a range").isNaN();
                }
            }
            Numbers.assertSameBits(cut, whole, "ranges of " + step);
        }
    }

    private WeightMatrix part(DataType dataType, int numOutputs, int numInputs, boolean withBias) {
        Tensor weight = Numbers.as(arena, dataType, Numbers.rows(arena, random, numOutputs, numInputs, 0));
        Tensor bias = Numbers.rows(arena, random, 1, numOutputs, 0).reshape(numOutputs);
        return new WeightMatrix.Plain(weight, withBias ? bias : null);
    }

    private void compare(Tensor x, List<WeightMatrix> parts, String what) {
        Tensor actual = run(vector, x, parts);
        Numbers.assertSameBits(actual, run(scalar, x, parts), what + " of " + parts.getFirst() + " on " + x);
        Numbers.assertGapsUntouched(actual, what);
    }

    private Tensor run(Kernels kernels, Tensor x, List<WeightMatrix> parts) {
        LinearWeights weights = kernels.pack(parts, LinearPrecision.PLAIN, arena);
        int numTokens = (int) x.shape(0);
        Tensor y = Numbers.filled(arena, Float.NaN, numTokens, weights.numOutputs(), 5);
        kernels.linear(x, weights, y, numTokens, 0, weights.numOutputs());
        return y;
    }
}
