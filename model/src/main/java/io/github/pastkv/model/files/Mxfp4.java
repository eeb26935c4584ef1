package io.github.pastkv.model.files;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.kernels.weights.GroupedRow;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.LongStream;

/**
 * The number format MXFP4 (OCP Microscaling Formats, 2023): groups of 32 numbers of 4 bits that share a power of two.
 * Numbers are doubled to be integers, and scales halved.
 */
public final class Mxfp4 {
    /** How kernels see it. */
    public static final GroupFormat FORMAT = new GroupFormat(Integers.FP4, 32, false, Scales.BF16);
    /** From this exponent on, the largest number overflows. */
    public static final int OVERFLOW = 253;

    private static final int GROUP_BYTES = 16;
    private static final long CHUNK_BYTES = 1 << 20;

    private Mxfp4() {}

    /** Twice the number of a code of 4 bits. */
    public static byte doubled(int code) {
        return (byte) Integers.FP4.number(code);
    }

    /** Half the scale of an exponent in {@code [0, 255]}: 2^(exponent - 128), below 2 subnormal. */
    public static float halfScale(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x0020_0000 << exponent : (exponent - 1) << 23);
    }

    /** Whether all exponents are below {@link #OVERFLOW}. */
    static boolean areFinite(MemorySegment exponents) {
        return LongStream.range(0, Math.ceilDiv(exponents.byteSize(), CHUNK_BYTES)).parallel().allMatch(chunk -> {
            long to = Math.min((chunk + 1) * CHUNK_BYTES, exponents.byteSize());
            int greatest = 0;
            for (long i = chunk * CHUNK_BYTES; i < to; i++) {
                greatest = Math.max(greatest, Byte.toUnsignedInt(exponents.get(ValueLayout.JAVA_BYTE, i)));
            }
            return greatest < OVERFLOW;
        });
    }

    /**
     * Reads row {@code index} as gpt-oss stores it.
     *
     * @param blocks {@code [rows, groups, 16]}: number 2i of a group in the low half of byte i, 2i + 1 in the high half
     * @param scales {@code [rows, groups]}: exponents
     */
    public static void read(MemorySegment blocks, MemorySegment scales, long index, GroupedRow row) {
        int numGroups = row.scales().count();
        for (int group = 0; group < numGroups; group++) {
            long at = index * numGroups + group;
            row.scales().set(group, halfScale(Byte.toUnsignedInt(scales.get(ValueLayout.JAVA_BYTE, at))));
            for (int i = 0; i < GROUP_BYTES; i++) {
                int pair = Byte.toUnsignedInt(blocks.get(ValueLayout.JAVA_BYTE, at * GROUP_BYTES + i));
                row.numbers()[2 * (group * GROUP_BYTES + i)] = doubled(pair & 15);
                row.numbers()[2 * (group * GROUP_BYTES + i) + 1] = doubled(pair >> 4);
            }
        }
    }
}
