package io.github.pastkv.testkit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Linear layers in every precision and of every kind of {@link WeightMatrix}. */
public abstract class LinearKernelsContractTest extends KernelsContractTest {
    private static final int[] SIZES = {1, 7, 8, 13, 16, 31, 33, 64, 207};

    @ParameterizedTest
    @EnumSource
    void linear_atAwkwardSizes_givesTheSpecifiedNumbers(LinearKind kind) {
        for (int numInputs : SIZES) {
            for (int numOutputs : SIZES) {
                for (int numTokens : new int[] {1, 2, 3, 4, 5, 9}) {
                    Tensor x = Numbers.rows(arena, random, numTokens, numInputs, 3);
                    compare(x, List.of(part(kind, numOutputs, numInputs, numOutputs % 2 == 0)), kind);
                }
                freeBetweenCases();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void linear_ofSeveralParts_givesTheSpecifiedNumbers(LinearKind kind) {
        List<WeightMatrix> parts = new ArrayList<>(List.of(part(kind, 20, 33, true), part(kind, 107, 33, false),
                part(kind, 90, 33, true).outputs(9, 80)));
        if (kind.format == null) {
            parts.add(new WeightMatrix.Plain(
                    WeightMatrices.tensor(part(kind, 33, 50, false)).transpose(0, 1), null));
        }
        compare(Numbers.rows(arena, random, 33, 33, 0), parts, kind);
    }

    @ParameterizedTest
    @EnumSource
    void linear_ofExtremes_givesTheSpecifiedBits(LinearKind kind) {
        for (int round = 0; round < 20; round++) {
            Tensor x = Numbers.rows(arena, random, 9, 31, 1);
            Numbers.strew(x, random, 5);
            List<WeightMatrix> parts = List.of(part(kind, 50, 31, false));
            if (hasSpecifiedBits(kernels().pack(parts, kind.precision, arena))) {
                compare(x, parts, kind);
            }
        }
    }

    @Test
    void linear_ofSumThatUnderflows_keepsItsSign() {
        Tensor x = Numbers.filled(arena, -1e-40f, 5, 3, 0);
        List<WeightMatrix> parts = List.of(new WeightMatrix.Plain(Numbers.filled(arena, 1e-30f, 33, 3, 0), null));
        if (hasSpecifiedBits(kernels().pack(parts, LinearPrecision.PLAIN, arena))) {
            float sum = run(kernels(), x, parts, LinearKind.F32).get(0, 0);
            assertThat(Float.floatToRawIntBits(sum)).isEqualTo(Float.floatToRawIntBits(-0f));
        }
    }

    @ParameterizedTest
    @EnumSource
    void linear_ofAnyNumberOfTokens_givesTheSameRows(LinearKind kind) {
        int manyTokens = 150;
        Tensor x = Numbers.rows(arena, random, manyTokens, 301, 0);
        LinearWeights weights = kernels().pack(List.of(part(kind, 97, 301, true)), kind.precision, arena);
        Tensor inputs = rounded(kernels(), x, weights);
        Tensor all = Tensor.allocate(arena, DataType.F32, manyTokens, 97);
        kernels().linear(inputs, weights, all, manyTokens, 0, 97);
        for (int numTokens = 1; numTokens <= 70; numTokens++) {
            Tensor some = Tensor.allocate(arena, DataType.F32, numTokens, 97);
            kernels().linear(inputs.narrow(0, manyTokens - numTokens, manyTokens), weights, some, numTokens, 0, 97);
            Numbers.assertSameBits(some, all.narrow(0, manyTokens - numTokens, manyTokens),
                    kind + ", " + numTokens + " tokens");
        }
    }

    @ParameterizedTest
    @EnumSource
    void linear_inRangesOnManyThreads_givesTheWhole(LinearKind kind) {
        int numOutputs = 307;
        LinearWeights weights = kernels().pack(List.of(part(kind, numOutputs, 33, true)), kind.precision, arena);
        Tensor x = rounded(kernels(), Numbers.rows(arena, random, 6, 33, 0), weights);
        Tensor whole = Tensor.allocate(arena, DataType.F32, 6, numOutputs);
        kernels().linear(x, weights, whole, 6, 0, numOutputs);
        for (int step = weights.outputGrain(); step < numOutputs; step += weights.outputGrain()) {
            int width = step;
            Tensor cut = Numbers.filled(arena, Float.NaN, 6, numOutputs, 0);
            kernels().linear(x, weights, cut, 6, 0, width);
            assertThat(cut.get(5, width)).as("the number after a range").isNaN();
            IntStream.range(1, Math.ceilDiv(numOutputs, width)).parallel()
                    .forEach(i -> kernels().linear(x, weights, cut,
                            6, i * width, Math.min((i + 1) * width, numOutputs)));
            Numbers.assertSameBits(cut, whole, kind + ", ranges of " + step);
        }
    }

    @Test
    void pack_ofWhatDoesNotFit_isRefusedByName() {
        WeightMatrix grouped = part(LinearKind.GROUPED_4_16, 3, 33, false);
        assertThatIllegalArgumentException().isThrownBy(() -> kernels().pack(List.of(), LinearPrecision.PLAIN, arena))
                .withMessageContaining("parts: none");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels().pack(
                        List.of(part(LinearKind.F32, 3, 33, false), part(LinearKind.BF16, 3, 33, false)),
                        LinearPrecision.PLAIN, arena))
                .withMessageContaining("must agree");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels().pack(List.of(grouped, part(LinearKind.GROUPED_8_32, 3, 33, false)),
                        LinearPrecision.PLAIN, arena))
                .withMessageContaining("must agree");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels().pack(List.of(grouped), LinearKind.INT8_OF_F32.precision, arena))
                .withMessageContaining("precision: f32 int8");
        WeightMatrix tooLarge = new WeightMatrix.Grouped(
                GroupedNumbers.format(Integers.UINT4, 16, false), 1, 16,
                (_, row) -> row.numbers()[3] = 16, null);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels().pack(List.of(tooLarge), LinearPrecision.PLAIN, arena))
                .withMessage("number: 16, UINT4 holds 0 to 15");
    }

    private WeightMatrix part(LinearKind kind, int numOutputs, int numInputs, boolean withBias) {
        Tensor bias = withBias ? Numbers.rows(arena, random, 1, numOutputs, 0).reshape(numOutputs) : null;
        if (kind.format != null) {
            return GroupedNumbers.random(kind.format, numOutputs, numInputs, random).withBias(bias);
        }
        Tensor weight = Numbers.rows(arena, random, numOutputs, numInputs, 0);
        return new WeightMatrix.Plain(Numbers.as(arena, kind.stored, weight), bias);
    }

    private void compare(Tensor x, List<WeightMatrix> parts, LinearKind kind) {
        Tensor actual = run(kernels(), x, parts, kind);
        Tensor expected = isSpecification() ? actual : run(scalar, x, parts, kind);
        String what = kind + ": " + parts.getFirst() + " on " + x.typeAndShape();
        Numbers.assertGapsUntouched(actual, what);
        if (hasSpecifiedBits(kernels().pack(parts, kind.precision, arena))) {
            Numbers.assertSameBits(actual, expected, what);
        } else {
            Numbers.assertNear(actual, expected, 1e-4, what);
        }
    }

    private Tensor run(Kernels kernels, Tensor x, List<WeightMatrix> parts, LinearKind kind) {
        LinearWeights weights = kernels.pack(parts, kind.precision, arena);
        int numTokens = (int) x.shape(0);
        Tensor y = Numbers.filled(arena, Float.NaN, numTokens, weights.numOutputs(), 5);
        kernels.linear(rounded(kernels, x, weights), weights, y, numTokens, 0, weights.numOutputs());
        return y;
    }

    private Tensor rounded(Kernels kernels, Tensor x, LinearWeights weights) {
        if (weights.precision().compute() == ComputeType.F32) {
            return x;
        }
        int width = weights.numInputs();
        Tensor rounded = Tensor.allocate(arena, weights.inputType(), x.shape(0), width);
        kernels.round(x, rounded, width, 0, (int) x.shape(0));
        return rounded;
    }
}
