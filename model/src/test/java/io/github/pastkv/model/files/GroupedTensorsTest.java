package io.github.pastkv.model.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupQuantizer;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GroupedTensorsTest {
    private static final int NUM_OUTPUTS = 3;
    /** Odd, with a last group that is shorter. */
    private static final int NUM_INPUTS = 69;

    @ParameterizedTest
    @EnumSource(names = {"INT8_GROUPS", "INT4"})
    void rows_areReadAsTheyWereWritten(WeightType type) {
        float[] numbers = new float[NUM_OUTPUTS * NUM_INPUTS];
        Random random = new Random(5);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        GroupFormat format = GroupQuantizer.format(type);
        WeightMatrix.Grouped quantized = (WeightMatrix.Grouped) GroupQuantizer.quantize(
                WeightMatrix.of(Tensor.of(numbers, NUM_OUTPUTS, NUM_INPUTS), null, null), type);
        try (Arena arena = Arena.ofConfined()) {
            GroupedTensors stored = GroupedTensors.allocate(format, NUM_OUTPUTS, NUM_INPUTS, arena);
            for (int output = 0; output < NUM_OUTPUTS; output++) {
                GroupedRow row = new GroupedRow(format, NUM_INPUTS);
                quantized.rows().read(output, row);
                stored.put(row, output);
            }
            assertThat(new WeightMatrix.Grouped(format, NUM_OUTPUTS, NUM_INPUTS, stored::read, null).weights())
                    .isEqualTo(quantized.weights());
            assertThat(GroupedTensors.shape(format, NUM_OUTPUTS, NUM_INPUTS)).containsExactly((long) NUM_OUTPUTS,
                    type == WeightType.INT4 ? 35L : NUM_INPUTS);
            assertThat(GroupedTensors.scalesShape(format, NUM_OUTPUTS, NUM_INPUTS)).containsExactly(3L, 3L);
        }
    }
}
