package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.GroupFormat;
import io.github.pastkv.kernels.GroupedRow;
import io.github.pastkv.kernels.WeightMatrix;
import java.util.Random;

/** Random grouped integer weights. */
public final class GroupedNumbers {
    private GroupedNumbers() {}

    /** All integers that the format holds, scales and minimums of either sign. */
    public static WeightMatrix random(GroupFormat format, int numOutputs, int numInputs, Random random) {
        byte[][] numbers = new byte[numOutputs][numInputs];
        float[][] scales = new float[numOutputs][format.numGroups(numInputs)];
        float[][] minimums = new float[numOutputs][format.hasMinimums() ? format.numGroups(numInputs) : 0];
        for (int output = 0; output < numOutputs; output++) {
            random.nextBytes(numbers[output]);
            for (int input = 0; format.bits() == 4 && input < numInputs; input++) {
                numbers[output][input] &= 15;
            }
            fill(scales[output], random);
            fill(minimums[output], random);
        }
        return new WeightMatrix.Grouped(format, numOutputs, numInputs,
                (output, row) -> copy(row, numbers[(int) output], scales[(int) output], minimums[(int) output]), null);
    }

    private static void fill(float[] row, Random random) {
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) random.nextGaussian();
        }
    }

    private static void copy(GroupedRow row, byte[] numbers, float[] scales, float[] minimums) {
        System.arraycopy(numbers, 0, row.numbers(), 0, numbers.length);
        System.arraycopy(scales, 0, row.scales(), 0, scales.length);
        System.arraycopy(minimums, 0, row.minimums(), 0, minimums.length);
    }
}
