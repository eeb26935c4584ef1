package io.github.pastkv.testkit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.ClampedSwiglu;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Norms, RoPE, element-wise work and rounding, over rows of any width, of normal and of extreme numbers. */
public abstract class RowKernelsContractTest extends KernelsContractTest {
    private static final int TOKENS = 7;
    private static final int FROM = 1;
    private static final int TO = 6;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 13, 16, 31, 33, 48, 207, 702})
    void normalize_givesTheSpecifiedBits(int width) {
        for (NormWeights.Kind kind : NormWeights.Kind.values()) {
            for (boolean withBias : new boolean[] {false, true}) {
                Tensor weight = Numbers.rows(arena, random, 1, width, 0).reshape(width);
                Tensor bias = withBias ? Numbers.rows(arena, random, 1, width, 0).reshape(width) : null;
                NormWeights norm = new NormWeights(kind, weight, bias, 1e-5f);
                compare(width, (kernels, x) -> kernels.normalize(norm, x, x, FROM, TO));
                compare(width, (kernels, x) -> {
                    Tensor y = Numbers.copy(arena, x, 9);
                    kernels.normalize(norm, x, y, FROM, TO);
                    y.copyTo(x);
                });
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"4,4", "8,8", "10,4", "14,14", "20,10", "64,64", "80,20", "80,80", "66,66", "2,2"})
    void applyRope_givesTheSpecifiedBits(int headDim, int rotaryDim) {
        double[] frequencies = new double[rotaryDim / 2];
        Arrays.setAll(frequencies, pair -> Math.pow(10_000, -2.0 * pair / rotaryDim));
        int[] positions = random.ints(TOKENS, 0, 300).toArray();
        for (boolean isInterleaved : new boolean[] {false, true}) {
            RopeTable table = new RopeTable(frequencies, 1.1, isInterleaved, 300, arena);
            table.prepare(300);
            compare(3 * headDim, (kernels, x) -> kernels.applyRope(x, 3, headDim, table, positions, FROM, TO));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 13, 16, 31, 33, 207, 702})
    void activations_gatedActivation_softCapAndAdd_giveTheSpecifiedBits(int width) {
        Tensor other = Numbers.rows(arena, random, TOKENS, width, 2);
        Numbers.strew(other, random, 3);
        compare(width, (kernels, x) -> kernels.add(x, other, width, FROM, TO));
        compare(width, (kernels, x) -> kernels.softCap(2.5f, x, width, FROM, TO));
        for (Activation activation : EnumSet.complementOf(EnumSet.of(Activation.XIELU))) {
            compare(width, (kernels, x) -> kernels.activate(activation, x, width, FROM, TO));
            compare(width, (kernels, x) -> kernels.gatedActivation(activation, x, other, width, FROM, TO));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 13, 16, 31, 33, 207, 702})
    void xielu_givesTheSpecifiedBits(int width) {
        Xielu xielu = new Xielu(0.83f, 0.91f, 0.5f, -1e-6f);
        compare(width, (kernels, x) -> kernels.xielu(xielu, x, width, FROM, TO));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 13, 16, 31, 33, 207, 702})
    void clampedSwiglu_andAddScaled_giveTheSpecifiedBits(int width) {
        Tensor other = Numbers.rows(arena, random, TOKENS, width, 9);
        compare(width, (kernels, x) -> kernels.clampedSwiglu(new ClampedSwiglu(1.7f, 2), x, other, width, FROM, TO));
        compare(width, (kernels, x) -> kernels.addScaled(0.37f, other, TO, x, FROM, width));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void round_givesTheSpecifiedBits(DataType target) {
        for (int width : new int[] {1, 3, 4, 7, 8, 13, 16, 17, 31, 33, 207}) {
            Tensor x = Numbers.rows(arena, random, 5, width, 3);
            Numbers.strew(x, random, 2 * width);
            Tensor actual = Tensor.allocate(arena, target, 5, width + 2).narrow(1, 0, width);
            Tensor expected = Tensor.allocate(arena, target, 5, width + 2).narrow(1, 0, width);
            kernels().round(x, actual, width, 1, 5);
            scalar.round(x, expected, width, 1, 5);
            Numbers.assertSameBits(actual, expected, "width " + width);
            assertThat(actual.get(0, 0)).as("the row before the range").isZero();
        }
    }

    private void compare(int width, BiConsumer<Kernels, Tensor> operation) {
        for (int numExtremes : new int[] {0, 1, 5}) {
            Tensor start = Numbers.rows(arena, random, TOKENS, width, 3);
            Numbers.strew(start, random, numExtremes);
            Tensor expected = Numbers.copy(arena, start, 3);
            operation.accept(scalar, expected);
            Tensor actual = Numbers.copy(arena, start, 3);
            operation.accept(kernels(), actual);
            Numbers.assertSameBits(actual, expected, "width " + width);
            Numbers.assertGapsUntouched(actual, "width " + width);
            Numbers.assertSameBits(actual.narrow(0, 0, FROM), start.narrow(0, 0, FROM), "before the range");
            Numbers.assertSameBits(actual.narrow(0, TO, TOKENS), start.narrow(0, TO, TOKENS), "behind the range");
        }
    }
}
