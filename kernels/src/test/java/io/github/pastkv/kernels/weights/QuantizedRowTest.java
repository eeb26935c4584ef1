package io.github.pastkv.kernels.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizedRowTest {
    private final Random random = new Random(41);

    @Test
    void quantize_makesTheLargest127AndRoundsTiesToEven() {
        QuantizedRow row = new QuantizedRow(6);
        row.quantize(part(Tensor.of(new float[] {9, 9, 9, 9, 9, 9, 254, -254, 1, 3, -3, 0}, 2, 6)), 1);
        assertThat(row.scale()).isEqualTo(2f);
        assertThat(row.numbers()).containsExactly(127, -127, 0, 2, -2, 0);
    }

    @Test
    void quantize_ofZeros_hasNoScale() {
        QuantizedRow row = new QuantizedRow(3);
        row.quantize(part(Tensor.of(new float[] {0, -0f, 1e-44f}, 1, 3)), 0);
        assertThat(row.scale()).isZero();
        assertThat(row.numbers()).containsExactly(0, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void quantize_ofWhatIsNotFinite_isRefused(float bad) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new QuantizedRow(3).quantize(part(Tensor.of(new float[] {1, bad, 2}, 1, 3)), 0))
                .withMessageContaining("F32[1, 3]").withMessageContaining("row 0");
    }

    @ParameterizedTest
    @EnumSource(value = DataType.class, names = {"F32", "F16", "BF16"})
    void quantize_ofAnyTypeAndStrides_isWithinHalfAStep(DataType type) {
        Tensor stored = Tensor.allocate(Arena.ofAuto(), type, 50, 7);
        for (int i = 0; i < 350; i++) {
            stored.set((float) random.nextGaussian(), i / 7, i % 7);
        }
        Tensor weight = stored.transpose(0, 1);
        QuantizedRow row = new QuantizedRow(50);
        for (int output = 0; output < 7; output++) {
            row.quantize(part(weight), output);
            for (int input = 0; input < 50; input++) {
                assertThat(row.scale() * row.numbers()[input]).isCloseTo(weight.get(output, input),
                        org.assertj.core.data.Offset.offset(0.5001f * row.scale()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void quantize_ofIntegers_takesThemOver(boolean isTransposed) {
        Tensor stored = Tensor.allocate(Arena.ofAuto(), DataType.I8, isTransposed ? 5 : 3, isTransposed ? 3 : 5);
        Tensor weight = isTransposed ? stored.transpose(0, 1) : stored;
        for (int i = 0; i < 15; i++) {
            weight.set(random.nextInt(-127, 128), i / 5, i % 5);
        }
        Tensor scales = Tensor.of(new float[] {0.1f, 0f, 3f}, 3);
        WeightMatrix part = WeightMatrix.of(weight, null, scales);
        QuantizedRow row = new QuantizedRow(5);
        for (int output = 0; output < 3; output++) {
            row.quantize(part, output);
            assertThat(row.scale()).isEqualTo(scales.get(output));
            for (int input = 0; input < 5; input++) {
                assertThat((float) row.numbers()[input]).isEqualTo(weight.get(output, input));
                assertThat(part.weights()[output * 5 + input])
                        .isEqualTo(weight.get(output, input) * scales.get(output));
            }
        }
    }

    @Test
    void integers_needScalesAndTheirForm() {
        Tensor numbers = Tensor.allocate(Arena.ofAuto(), DataType.I8, 2, 3);
        assertThatIllegalArgumentException().isThrownBy(() -> part(numbers)).withMessageContaining("I8[2, 3]");
        Tensor scales = Tensor.of(new float[2], 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WeightMatrix.of(Tensor.of(new float[6], 2, 3), null, scales))
                .withMessageContaining("scales: F32[2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScalarKernels().pack(List.of(WeightMatrix.of(numbers, null, scales)),
                        LinearPrecision.PLAIN, Arena.ofAuto()))
                .withMessageContaining("precision: f32");
    }

    private static WeightMatrix part(Tensor weight) {
        return new WeightMatrix.Plain(weight, null);
    }
}
