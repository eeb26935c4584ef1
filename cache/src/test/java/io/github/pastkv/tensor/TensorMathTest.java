package io.github.pastkv.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorMathTest {
    private static Tensor random(long seed, long... shape) {
        Tensor tensor = Tensor.zeros(shape);
        Random random = new Random(seed);
        float[] numbers = new float[(int) tensor.numElements()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return Tensor.of(numbers, shape);
    }

    @ParameterizedTest
    @EnumSource
    void zerosOnesAndFull_areOfTheirTypeAndShape(DataType type) {
        assertThat(Tensor.zeros(type, 2, 3).toFloatArray()).hasSize(6).containsOnly(0);
        assertThat(Tensor.ones(type, 2, 3).toFloatArray()).hasSize(6).containsOnly(1);
        Tensor full = Tensor.full(type, 1 / 3f, 2, 1, 5);
        assertThat(full.toFloatArray()).hasSize(10).containsOnly(type.round(1 / 3f));
        assertThat(full.typeAndShape()).isEqualTo(type + "[2, 1, 5]");
        full.set(2, 1, 0, 4);
        assertThat(full.get(1, 0, 4)).isEqualTo(2);
        assertThat(full.get(1, 0, 3)).isEqualTo(type.round(1 / 3f));
        assertThat(Tensor.full(type, 7).get()).isEqualTo(7);
        assertThat(Tensor.ones(type, 0, 3).toFloatArray()).isEmpty();
    }

    @Test
    void zeros_ofMoreThanAnArrayHolds_areRefusedByShape() {
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.zeros(1 << 16, 1 << 16))
                .withMessage("shape: F32[65536, 65536] has 4294967296 numbers, an array on the heap holds 2147483639;"
                        + " use allocate");
    }

    @Test
    void of_takesArraysOfAnyType() {
        assertThat(Tensor.of(new double[] {0.1, -2}, 2).toFloatArray()).containsExactly(0.1f, -2);
        assertThat(Tensor.of(new int[] {1, -2, 3}, 3, 1).toFloatArray()).containsExactly(1, -2, 3);
        assertThat(Tensor.of(new byte[] {1, -128}, 2)).hasToString("I8[2]\n[   1 -128]");
        Tensor rounded = Tensor.of(DataType.BF16, new float[] {1 / 3f, 1}, 1, 2);
        assertThat(rounded.toFloatArray()).containsExactly(DataType.BF16.round(1 / 3f), 1);
        assertThat(Tensor.of(DataType.BF16, new short[] {0x3f80, (short) 0xc000}, 2).toFloatArray())
                .containsExactly(1, -2);
        assertThat(Tensor.of(DataType.F16, new short[] {0x3c00}, 1).toFloatArray()).containsExactly(1);
    }

    @Test
    void of_anArrayOfAnotherWidthOrTooShort_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.of(DataType.F32, new short[2], 1))
                .withMessage("dataType: F32, short[] holds F16 or BF16");
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.of(new double[5], 2, 3))
                .withMessage("segment: 20 bytes, but F32[2, 3] needs 24");
    }

    @Test
    void addSubMul_repeatMissingAxesAndThoseOfLengthOne() {
        Tensor matrix = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor row = Tensor.of(new float[] {10, 20, 30}, 3);
        Tensor column = Tensor.of(new float[] {100, 200}, 2, 1);
        assertThat(matrix.add(row).toFloatArray()).containsExactly(11, 22, 33, 14, 25, 36);
        assertThat(matrix.sub(column).toFloatArray()).containsExactly(-99, -98, -97, -196, -195, -194);
        assertThat(column.mul(row)).hasToString("F32[2, 3]\n[[1000. 2000. 3000.]\n [2000. 4000. 6000.]]");
        assertThat(Tensor.full(2).mul(matrix.transpose(0, 1)).toFloatArray()).containsExactly(2, 8, 4, 10, 6, 12);
        assertThat(matrix.toFloatArray()).as("unchanged").containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void add_ofShapesThatDoNotMatch_isRefusedByShape() {
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.ones(2, 3).add(Tensor.ones(DataType.F16, 2)))
                .withMessage("add: F32[2, 3] and F16[2], axes must be equal or 1, counted from the last");
    }

    @Test
    void sum_dropsItsAxis() {
        Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 1, 2, 3);
        assertThat(tensor.sum(1)).hasToString("F32[1, 3]\n[[5. 7. 9.]]");
        assertThat(tensor.sum(2)).hasToString("F32[1, 2]\n[[ 6. 15.]]");
        assertThat(Tensor.zeros(0, 2).sum(0).toFloatArray()).containsExactly(0, 0);
    }

    @Test
    void matmul_isTheSumInOrder_alsoOfViewsAndStacks() {
        Tensor a = random(1, 2, 3, 7);
        Tensor b = random(2, 2, 5, 7).transpose(1, 2);
        Tensor product = a.matmul(b);
        assertThat(product.shape()).containsExactly(2, 3, 5);
        Tensor one = b.narrow(0, 1, 2).copy().reshape(7, 5);
        Tensor productOfOne = a.matmul(one);
        for (int i = 0; i < 2; i++) {
            for (int m = 0; m < 3; m++) {
                for (int n = 0; n < 5; n++) {
                    float sum = 0;
                    float sumOfOne = 0;
                    for (int k = 0; k < 7; k++) {
                        sum = Math.fma(a.get(i, m, k), b.get(i, k, n), sum);
                        sumOfOne = Math.fma(a.get(i, m, k), one.get(k, n), sumOfOne);
                    }
                    assertThat(product.get(i, m, n)).isEqualTo(sum);
                    assertThat(productOfOne.get(i, m, n)).isEqualTo(sumOfOne);
                }
            }
        }
        assertThat(Tensor.ones(2, 0).matmul(Tensor.ones(0, 3)).toFloatArray()).hasSize(6).containsOnly(0);
    }

    @Test
    void matmul_ofShapesThatDoNotMatch_isRefusedByShape() {
        for (Tensor other : new Tensor[] {Tensor.ones(2, 4), Tensor.ones(3), Tensor.ones(4, 3, 2)}) {
            assertThatIllegalArgumentException().isThrownBy(() -> Tensor.ones(5, 2, 3).matmul(other))
                    .withMessage("matmul: F32[5, 2, 3] and " + other.typeAndShape()
                            + ", must be [.., M, K] and [.., K, N] or [K, N]");
        }
    }

    @Test
    void softmax_addsUpToOneInEachRow_andStandsGreatNumbers() {
        Tensor logits = Tensor.of(new float[] {0, (float) Math.log(3), 1000, 1000, Float.NEGATIVE_INFINITY, 5}, 3, 2);
        assertThat(logits.softmax()).hasToString("F32[3, 2]\n[[0.25 0.75]\n [0.5  0.5 ]\n [0.   1.  ]]");
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.full(1).softmax())
                .withMessage("softmax: F32[] has no axis");
    }

    @Test
    void logSumExp_isThatOfAllNumbers() {
        assertThat(Tensor.of(new float[] {1000, 1000}, 1, 2).logSumExp())
                .isCloseTo(1000 + Math.log(2), within(1e-12));
        assertThat(Tensor.zeros(0).logSumExp()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Tensor.of(new float[] {1, Float.NaN}, 2).logSumExp()).isNaN();
    }

    @Test
    void norm_isTheRootOfAllSquares() {
        assertThat(Tensor.of(new float[] {3, 4, 12}, 1, 3).norm()).isEqualTo(13);
        assertThat(Tensor.full(1e30f, 2, 2).norm()).isCloseTo(2e30, within(1e24));
    }

    @Test
    void argmax_ofEqualNumbersIsTheFirst_andNanIsGreatest() {
        assertThat(Tensor.of(new float[] {-1, 0, -0f, 0}, 1, 2, 2).argmax()).isEqualTo(1);
        assertThat(Tensor.of(new float[] {-0f, 0}, 2).argmax()).isZero();
        assertThat(Tensor.of(new float[] {1, Float.POSITIVE_INFINITY, -Float.NaN, Float.NaN}, 4).topK(3))
                .containsExactly(2, 3, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100, 101, 500})
    void topK_isTheStartOfAllSorted(int k) {
        Random random = new Random(k);
        float[] numbers = new float[500];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = random.nextInt(-50, 50) / 7f;
        }
        int[] sorted = IntStream.range(0, numbers.length).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -numbers[i]).thenComparing(i -> i)).limit(k)
                .mapToInt(Integer::intValue).toArray();
        assertThat(Tensor.of(numbers, 5, 100).topK(k)).containsExactly(sorted);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 7})
    void topK_ofNoneOrMoreThanThereAre_isRefused(int k) {
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.ones(2, 3).topK(k))
                .withMessage("k: " + k + ", must be in [1, 6] for F32[2, 3]");
    }
}
