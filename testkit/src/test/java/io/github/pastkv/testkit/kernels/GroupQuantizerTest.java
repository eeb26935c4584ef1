package io.github.pastkv.testkit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.pastkv.kernels.weights.GroupQuantizer;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GroupQuantizerTest {
    private static final int OUTPUTS = 5;
    private static final int INPUTS = 77;

    private final Random random = new Random(17);

    @ParameterizedTest
    @EnumSource(names = {"INT8_GROUPS", "INT4"})
    void everyWeight_isWithinHalfAStep(WeightType type) {
        float[] weights = new float[OUTPUTS * INPUTS];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian() * 0.1f + 0.03f;
        }
        WeightMatrix.Grouped quantized = (WeightMatrix.Grouped) GroupQuantizer.quantize(matrix(weights), type);
        GroupedRow row = new GroupedRow(quantized.format(), INPUTS);
        for (int output = 0; output < OUTPUTS; output++) {
            quantized.rows().read(output, row);
            for (int input = 0; input < INPUTS; input++) {
                float step = row.scales().value(input / 32);
                // Halves have 11 bits: the ends of the range move by 2^-11 of their size.
                assertThat(row.weight(input)).isCloseTo(weights[output * INPUTS + input],
                        within(0.5f * step + 0x1p-10f * 15 * step + 0x1p-10f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8_GROUPS", "INT4"})
    void weightsOnTheGrid_staySo(WeightType type) {
        float[] weights = new float[OUTPUTS * INPUTS];
        for (int i = 0; i < weights.length; i++) {
            int input = i % INPUTS % 32;
            weights[i] = type == WeightType.INT4
                    ? 0.25f * (input % 16) - 1.5f
                    : 0.125f * (input == 0 ? -127 : random.nextInt(255) - 127);
        }
        for (int i = 0; i < weights.length; i += INPUTS) {
            weights[i + 76] = weights[i + 64]; // the last group, of 13, need not reach both ends
        }
        WeightMatrix quantized = GroupQuantizer.quantize(matrix(weights), type);
        float[] whole = quantized.weights(0, 64);
        for (int i = 0; i < whole.length; i++) {
            assertThat(whole[i]).isEqualTo(weights[i / 64 * INPUTS + i % 64]);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8_GROUPS", "INT4"})
    void zerosAndWhatCannotBeQuantized(WeightType type) {
        assertThat(GroupQuantizer.quantize(matrix(new float[OUTPUTS * INPUTS]), type).weights()).containsOnly(0f);
        float[] infinite = new float[OUTPUTS * INPUTS];
        infinite[3] = Float.POSITIVE_INFINITY;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GroupQuantizer.quantize(matrix(infinite), type).weights())
                .withMessageContaining("must be finite and at most 65504");
        WeightMatrix quantized = GroupQuantizer.quantize(matrix(new float[OUTPUTS * INPUTS]), type);
        assertThat(GroupQuantizer.quantize(quantized, type)).isSameAs(quantized);
        WeightType other = type == WeightType.INT4 ? WeightType.INT8_GROUPS : WeightType.INT4;
        assertThatIllegalArgumentException().isThrownBy(() -> GroupQuantizer.quantize(quantized, other))
                .withMessageContaining("quantized already");
        assertThatIllegalArgumentException().isThrownBy(() -> GroupQuantizer.format(WeightType.INT8))
                .withMessage("type: int8, has no groups");
    }

    private static WeightMatrix matrix(float[] weights) {
        return new WeightMatrix.Plain(Tensor.of(weights, OUTPUTS, INPUTS), null);
    }
}
