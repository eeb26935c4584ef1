package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.kernels.weights.WeightMatrix;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Random grouped integer weights. */
public final class GroupedNumbers {
    private GroupedNumbers() {}

    /** Weights with scales that are floats. */
    public static GroupFormat format(Integers integers, int groupSize, boolean hasMinimums) {
        return new GroupFormat(integers, groupSize, hasMinimums, Scales.F32);
    }

    /** All integers that the format holds, scales and minimums of either sign. */
    public static WeightMatrix random(GroupFormat format, int numOutputs, int numInputs, RandomGenerator random) {
        long seed = random.nextLong();
        return new WeightMatrix.Grouped(format, numOutputs, numInputs,
                (output, row) -> fill(row, new SplittableRandom(seed + output)), null);
    }

    private static void fill(GroupedRow row, RandomGenerator random) {
        GroupFormat format = row.format();
        byte[] numbers = row.numbers();
        for (int input = 0; input < numbers.length; input++) {
            numbers[input] = (byte) format.integers().number(random.nextInt(1 << format.bits()));
        }
        fill(row.scales(), format, random);
        fill(row.minimums(), format, random);
    }

    private static void fill(GroupedRow.Scales scales, GroupFormat format, RandomGenerator random) {
        Scales type = format.scales();
        float unit = 0f;
        for (int group = 0; group < scales.count(); group++) {
            float number = (float) random.nextGaussian();
            if (type == Scales.TWO_LEVEL) {
                boolean isFirst = group * format.groupSize() % GroupFormat.UNIT_SIZE == 0;
                unit = isFirst ? half(number / 64, random) : unit;
                scales.set(group, unit, random.nextInt(256) - 128);
            } else {
                scales.set(group, switch (type) {
                    case F16 -> half(number, random);
                    case BF16 -> Float.intBitsToFloat(Float.floatToRawIntBits(number) & 0xFFFF0000);
                    default -> number;
                });
            }
        }
    }

    /** Most are ordinary, some zero or subnormal. */
    private static float half(float number, RandomGenerator random) {
        int scale = random.nextInt(16);
        return Float.float16ToFloat(Float.floatToFloat16(scale == 0 ? number * 1e-5f : scale == 1 ? 0f : number));
    }
}
