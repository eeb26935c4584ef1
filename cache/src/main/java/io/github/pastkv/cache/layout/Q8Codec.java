package io.github.pastkv.cache.layout;

import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 8-bit quantization: integers in [-127, 127] with one scale per group of up to 32 neighboring elements of a head.
 *
 * <p>The scale is the largest magnitude / 127, rounded to BF16; a number becomes number / scale, rounded to the nearest
 * integer, ties to even. An integer of 7 bits times a scale of 8 is a float exactly, so every reader gets the same bits
 * whatever its order of operations; the largest magnitude always becomes 127, so that writing what was read gives the
 * same bytes. The error is at most half a scale, 1/253 of the group's largest magnitude.
 *
 * <p>Why 32: an outlier dimension reduces the precision of its group, and keys have such dimensions. With a BF16 scale
 * a head of 64 takes 68 bytes, 0.531 of F16's (docs/storage.md compares). Why BF16: it has the range of a float, and
 * its three bits less than F16 cost nothing, since numbers are divided by the scale as rounded.
 *
 * <p>Corner cases: a group with a NaN or an infinite number reads as NaN throughout, so that errors stay visible
 * instead of turning into plausible numbers. Minus zero reads as zero, and so does a group whose largest magnitude is
 * below 1.5e-36, where scales would lose bits.
 */
public final class Q8Codec {
    /** Number of neighboring elements of a head that share a scale; the last group of a head may be smaller. */
    public static final int Q8_GROUP_SIZE = 32;
    /** Bytes of a scale. */
    public static final int SCALE_BYTES = DataType.BF16.bytes();

    private static final float LARGEST = 127f;
    /** Smaller scales would be subnormal. */
    private static final float LEAST_SCALE = Float.MIN_NORMAL;
    /** The largest BF16 number whose product with 127 is finite. */
    private static final float LARGEST_SCALE = 0x1.02p121f;

    private Q8Codec() {}

    /**
     * Quantizes and stores one group.
     *
     * @param start byte offset of the first integer; the others follow with {@code stride}
     * @param scaleStart byte offset of the scale
     * @param source contiguous floats from {@code sourceByteOffset} on
     * @param count number of elements in the group
     */
    static void write(MemorySegment segment, long start, long stride, long scaleStart, MemorySegment source,
            long sourceByteOffset, int count) {
        float largest = 0f;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs(DataType.F32.read(source, sourceByteOffset + 4L * i)));
        }
        float scale = scaleFor(largest);
        DataType.BF16.write(segment, scaleStart, scale);
        for (int i = 0; i < count; i++) {
            float number = DataType.F32.read(source, sourceByteOffset + 4L * i);
            segment.set(ValueLayout.JAVA_BYTE, start + i * stride, scale > 0 ? (byte) Math.rint(number / scale) : 0);
        }
    }

    private static float scaleFor(float largest) {
        if (!(largest < Float.POSITIVE_INFINITY)) {
            return Float.NaN;
        }
        float scale = Math.min(DataType.BF16.round(largest / LARGEST), LARGEST_SCALE);
        return scale < LEAST_SCALE ? 0f : scale;
    }

    /** Dequantizes one element, given the offsets of its integer and its scale. */
    public static float read(MemorySegment segment, long byteOffset, long scaleByteOffset) {
        return segment.get(ValueLayout.JAVA_BYTE, byteOffset) * DataType.BF16.read(segment, scaleByteOffset);
    }
}
