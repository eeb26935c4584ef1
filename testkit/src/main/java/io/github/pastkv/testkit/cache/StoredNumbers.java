package io.github.pastkv.testkit.cache;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.tensor.DataType;

/** Expected values of numbers after storage in a {@link KvType}, computed independently of the cache. */
public final class StoredNumbers {
    private static final int Q8_GROUP_SIZE = 32;

    private StoredNumbers() {}

    /** The numbers as read back. */
    public static float[] of(KvType type, float[] written) {
        float[] stored = new float[written.length];
        for (int from = 0; from < written.length; from += Q8_GROUP_SIZE) {
            int to = Math.min(from + Q8_GROUP_SIZE, written.length);
            double scale = type == KvType.Q8 ? scale(written, from, to) : 0;
            for (int i = from; i < to; i++) {
                stored[i] = switch (type) {
                    case F32 -> written[i];
                    case F16 -> DataType.F16.round(written[i]);
                    case BF16 -> DataType.BF16.round(written[i]);
                    case Q8 -> (float) (scale == 0 ? 0 : Math.rint((float) (written[i] / scale)) * scale + 0.0);
                };
            }
        }
        return stored;
    }

    private static double scale(float[] numbers, int from, int to) {
        double largest = 0;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Math.abs(numbers[i]));
        }
        if (Double.isNaN(largest) || Double.isInfinite(largest)) {
            return Double.NaN;
        }
        double exact = (float) (largest / 127);
        double unit = Math.scalb(1.0, Math.getExponent(exact) - 7);
        double scale = Math.rint(exact / unit) * unit;
        double largestScale = Math.scalb(1 + 1.0 / 128, 121);
        return scale < Float.MIN_NORMAL ? 0 : Math.min(scale, largestScale);
    }
}
