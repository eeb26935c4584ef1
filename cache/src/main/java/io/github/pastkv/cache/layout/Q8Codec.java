package io.github.pastkv.cache.layout;

import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Numbers as integers in [-127, 127] times a scale that up to 32 neighbouring numbers of one head share.
 *
 * <p>The scale is the largest magnitude / 127, rounded to BF16; a number becomes number / scale, rounded to the nearest
 * integer, ties to even. An integer of 7 bits times a scale of 8 is a float exactly, so every reader gets the same bits
 * whatever it does first; the largest magnitude always becomes 127, so that writing what was read gives the same bytes.
 * The error is at most half a scale, 1/253 of the group's largest magnitude.
 *
 * <p>Why 32: an outlying dimension costs its group its precision, and keys have such dimensions. With a BF16 scale a
 * head of 64 takes 68 bytes, 0.531 of F16's (docs/storage.md compares). Why BF16: it has the range of a float, and its
 * three bits less than F16 cost nothing, since numbers are divided by the scale as rounded.
 *
 * <p>Corner cases: a group with a NaN or an infinite number reads as NaN throughout, so that trouble shows and never
 * turns into plausible numbers. Minus zero reads as zero, and so does a group whose largest magnitude is below 1.5e-36,
 * where scales would lose bits.
 */
public final class Q8Codec {
    /** Neighbouring numbers of a head that share a scale; the last group of a head may be smaller. */
    public static final int Q8_GROUP_SIZE = 32;
    /** Bytes of a scale. */
    public static final int SCALE_BYTES = DataType.BF16.bytes();

    private static final float LARGEST = 127f;
    /** Scales below would be subnormal. */
    private static final float LEAST_SCALE = Float.MIN_NORMAL;
    /** The largest BF16 number that 127 times is still finite. */
    private static final float LARGEST_SCALE = 0x1.02p121f;

    private Q8Codec() {}

    /**
     * Stores one group.
     *
     * @param start byte offset of the first integer; the others follow at {@code stride}
     * @param scaleStart byte offset of the scale
     * @param source contiguous floats from {@code sourceByteOffset} on
     * @param count numbers of the group
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

    /** One number from the offsets of its integer and of its scale. */
    public static float read(MemorySegment segment, long byteOffset, long scaleByteOffset) {
        return segment.get(ValueLayout.JAVA_BYTE, byteOffset) * DataType.BF16.read(segment, scaleByteOffset);
    }
}
