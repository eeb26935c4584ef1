package io.github.pastkv.kernels.weights;

import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.tensor.Tensor;

/**
 * Floats as grouped integers, made when a row is read: nothing but the packed weights takes memory. Scales and minimums
 * are halves, and integers are rounded with these, to nearest, ties to even.
 */
public final class GroupQuantizer {
    private static final GroupFormat INT8 = new GroupFormat(Integers.INT8, 32, false, Scales.F16);
    private static final GroupFormat INT4 = new GroupFormat(Integers.UINT4, 32, true, Scales.F16);
    private static final int LARGEST_INT8 = 127;
    private static final int LARGEST_UINT4 = 15;

    private GroupQuantizer() {}

    /** The format of a type of weights in groups. */
    public static GroupFormat format(WeightType type) {
        return switch (type) {
            case INT8_GROUPS -> INT8;
            case INT4 -> INT4;
            case STORED, INT8 -> throw new IllegalArgumentException("type: " + type.label() + ", has no groups");
        };
    }

    /**
     * The weights of {@code part} in the groups of {@code type}, with the same bias; {@code part} itself if it has
     * them already.
     *
     * @throws IllegalArgumentException if they are other integers, and when a row is read, if it is not finite or
     *         its scale is greater than a half can be
     */
    public static WeightMatrix quantize(WeightMatrix part, WeightType type) {
        GroupFormat format = format(type);
        if (part instanceof WeightMatrix.Grouped grouped && grouped.format().equals(format)) {
            return part;
        }
        if (!(part instanceof WeightMatrix.Plain plain)) {
            throw new IllegalArgumentException(
                    "weights: " + type.label() + ", but they are quantized already; they run as stored");
        }
        Tensor weight = plain.weight();
        return new WeightMatrix.Grouped(format, part.numOutputs(), part.numInputs(),
                (output, row) -> quantize(weight.narrow(0, output, output + 1).toFloatArray(), row), part.bias());
    }

    private static void quantize(float[] weights, GroupedRow row) {
        int groupSize = row.format().groupSize();
        for (int from = 0; from < weights.length; from += groupSize) {
            int to = Math.min(from + groupSize, weights.length);
            if (row.format().hasMinimums()) {
                quantizeFromMinimum(weights, from, to, row);
            } else {
                quantizeAroundZero(weights, from, to, row);
            }
        }
    }

    /** The largest magnitude becomes 127, but for the rounding of the scale. */
    private static void quantizeAroundZero(float[] weights, int from, int to, GroupedRow row) {
        float largest = 0f;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Math.abs(weights[i]));
        }
        float scale = half(largest / LARGEST_INT8);
        row.scales().set(from / row.format().groupSize(), scale);
        for (int i = from; i < to; i++) {
            row.numbers()[i] = (byte) nearest(weights[i], scale, -LARGEST_INT8, LARGEST_INT8);
        }
    }

    /** The smallest weight becomes 0 and the largest 15, but for the rounding of scale and minimum. */
    private static void quantizeFromMinimum(float[] weights, int from, int to, GroupedRow row) {
        float least = weights[from];
        float greatest = weights[from];
        for (int i = from; i < to; i++) {
            least = Math.min(least, weights[i]);
            greatest = Math.max(greatest, weights[i]);
        }
        float minimum = half(least);
        float scale = half((greatest - minimum) / LARGEST_UINT4);
        row.scales().set(from / row.format().groupSize(), scale);
        row.minimums().set(from / row.format().groupSize(), minimum);
        for (int i = from; i < to; i++) {
            row.numbers()[i] = (byte) nearest(weights[i] - minimum, scale, 0, LARGEST_UINT4);
        }
    }

    private static int nearest(float weight, float scale, int least, int greatest) {
        return scale == 0f ? 0 : (int) Math.clamp(Math.rint((double) weight / scale), least, greatest);
    }

    private static float half(float number) {
        float rounded = Float.float16ToFloat(Float.floatToFloat16(number));
        if (!Float.isFinite(rounded)) {
            throw new IllegalArgumentException("weight: a group has scale or minimum " + number
                    + ", which must be finite and at most 65504 to be quantized");
        }
        return rounded;
    }
}
