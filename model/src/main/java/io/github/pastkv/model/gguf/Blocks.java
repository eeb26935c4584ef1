package io.github.pastkv.model.gguf;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.model.files.Mxfp4;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The block formats of GGUF, each as integers with a scale, and perhaps a minimum, for each group of 16 or 32. Scales
 * and minimums are halves, or products of F32 in the order of ggml's {@code dequantize_row_*} functions
 * (ggml-quants.c), so that {@link GroupedRow#weight} gives the bits that those give. Layouts: in each method, byte
 * offsets within the block.
 */
final class Blocks {
    /** Eight neighboring bytes, the first the lowest. */
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, LITTLE_ENDIAN);
    /** The low four bits of each byte. */
    private static final long LOWS = 0x0F0F_0F0F_0F0F_0F0FL;
    /** Bits 4 and 5 of each byte. */
    private static final long PAIRS = 0x3030_3030_3030_3030L;

    private Blocks() {}

    /** Reads one block. */
    @FunctionalInterface
    interface Reader {
        /**
         * Writes a block's numbers, scales and minimums.
         *
         * @param bytes a row of blocks
         * @param at first byte of the block
         * @param row where they go
         * @param first input of the row that the block begins with
         */
        void read(byte[] bytes, int at, GroupedRow row, int first);
    }

    private static float half(byte[] bytes, int at) {
        return Float.float16ToFloat((short) ((bytes[at] & 0xFF) | (bytes[at + 1] << 8)));
    }

    private static int low(byte number) {
        return number & 15;
    }

    private static int high(byte number) {
        return number >> 4 & 15;
    }

    private static int bit(byte[] bytes, int at, int index) {
        return bytes[at + index / 8] >> (index % 8) & 1;
    }

    private static void scale(GroupedRow row, int first, float scale) {
        row.scales().set(first / row.format().groupSize(), scale);
    }

    private static void scale(GroupedRow row, int first, float unit, int factor) {
        row.scales().set(first / row.format().groupSize(), unit, factor);
    }

    private static void minimum(GroupedRow row, int first, float minimum) {
        row.minimums().set(first / row.format().groupSize(), minimum);
    }

    private static void minimum(GroupedRow row, int first, float unit, int factor) {
        row.minimums().set(first / row.format().groupSize(), unit, factor);
    }

    /** Half d; 16 bytes: number i in the low half of byte i, number i + 16 in the high half. */
    static void q40(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, half(bytes, at));
        for (int i = 0; i < 16; i++) {
            row.numbers()[first + i] = (byte) (low(bytes[at + 2 + i]) - 8);
            row.numbers()[first + i + 16] = (byte) (high(bytes[at + 2 + i]) - 8);
        }
    }

    /** Half d, half m, 16 bytes as in Q4_0. */
    static void q41(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, half(bytes, at));
        minimum(row, first, half(bytes, at + 2));
        for (int i = 0; i < 16; i++) {
            row.numbers()[first + i] = (byte) low(bytes[at + 4 + i]);
            row.numbers()[first + i + 16] = (byte) high(bytes[at + 4 + i]);
        }
    }

    /** Half d, 4 bytes of fifth bits, 16 bytes as in Q4_0. */
    static void q50(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, half(bytes, at));
        for (int i = 0; i < 16; i++) {
            row.numbers()[first + i] = (byte) (low(bytes[at + 6 + i]) + 16 * bit(bytes, at + 2, i) - 16);
            row.numbers()[first + i + 16] = (byte) (high(bytes[at + 6 + i]) + 16 * bit(bytes, at + 2, i + 16) - 16);
        }
    }

    /** Half d, half m, 4 bytes of fifth bits, 16 bytes as in Q4_0. */
    static void q51(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, half(bytes, at));
        minimum(row, first, half(bytes, at + 2));
        for (int i = 0; i < 16; i++) {
            row.numbers()[first + i] = (byte) (low(bytes[at + 8 + i]) + 16 * bit(bytes, at + 4, i));
            row.numbers()[first + i + 16] = (byte) (high(bytes[at + 8 + i]) + 16 * bit(bytes, at + 4, i + 16));
        }
    }

    /** Half d, 32 signed bytes. */
    static void q80(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, half(bytes, at));
        System.arraycopy(bytes, at + 2, row.numbers(), first, 32);
    }

    /** 16 bytes of scale (low half) and minimum (high half), 64 bytes of two-bit numbers, half d, half dmin. */
    static void q2k(byte[] bytes, int at, GroupedRow row, int first) {
        float d = half(bytes, at + 80);
        float dmin = half(bytes, at + 82);
        for (int group = 0; group < 16; group++) {
            scale(row, first + 16 * group, d, low(bytes[at + group]));
            minimum(row, first + 16 * group, -dmin, high(bytes[at + group]));
        }
        for (int i = 0; i < 256; i++) {
            row.numbers()[first + i] = (byte) twoBits(bytes, at + 16, i);
        }
    }

    /** Number i of a half block of 128: byte i % 32, shift by 2 for each 32. */
    private static int twoBits(byte[] bytes, int at, int i) {
        return bytes[at + 32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32)) & 3;
    }

    /** 32 bytes of third bits, 64 bytes of two-bit numbers, 12 bytes of six-bit scales, half d. */
    static void q3k(byte[] bytes, int at, GroupedRow row, int first) {
        float d = half(bytes, at + 108);
        for (int group = 0; group < 16; group++) {
            byte lows = bytes[at + 96 + group % 8];
            int highBits = bytes[at + 104 + group % 4] >> (2 * (group / 4)) & 3;
            int sixBits = (group < 8 ? low(lows) : high(lows)) + 16 * highBits;
            scale(row, first + 16 * group, d, sixBits - 32);
        }
        for (int i = 0; i < 256; i++) {
            int third = bytes[at + i % 32] >> (i / 32) & 1;
            row.numbers()[first + i] = (byte) (twoBits(bytes, at + 32, i) + 4 * third - 4);
        }
    }

    /** Half d, half dmin, 12 bytes of six-bit scales and minimums, 128 bytes of four-bit numbers. */
    static void q4k(byte[] bytes, int at, GroupedRow row, int first) {
        sixBitScales(bytes, at, row, first);
        byte[] numbers = row.numbers();
        for (int part = 0; part < 4; part++) {
            int from = at + 16 + 32 * part;
            int to = first + 64 * part;
            for (int i = 0; i < 32; i += Long.BYTES) {
                long eight = (long) LONGS.get(bytes, from + i);
                LONGS.set(numbers, to + i, eight & LOWS);
                LONGS.set(numbers, to + 32 + i, eight >>> 4 & LOWS);
            }
        }
    }

    /** As Q4_K, with 32 bytes of fifth bits before the four-bit numbers: bit j of byte i is that of group j. */
    static void q5k(byte[] bytes, int at, GroupedRow row, int first) {
        sixBitScales(bytes, at, row, first);
        byte[] numbers = row.numbers();
        for (int part = 0; part < 4; part++) {
            int from = at + 48 + 32 * part;
            for (int i = 0; i < 32; i++) {
                int fifths = bytes[at + 16 + i] >> (2 * part);
                numbers[first + 64 * part + i] = (byte) (low(bytes[from + i]) + 16 * (fifths & 1));
                numbers[first + 64 * part + 32 + i] = (byte) (high(bytes[from + i]) + 16 * (fifths >> 1 & 1));
            }
        }
    }

    private static void sixBitScales(byte[] bytes, int at, GroupedRow row, int first) {
        float d = half(bytes, at);
        float dmin = half(bytes, at + 2);
        int packed = at + 4;
        for (int j = 0; j < 8; j++) {
            int scale;
            int minimum;
            if (j < 4) {
                scale = bytes[packed + j] & 63;
                minimum = bytes[packed + j + 4] & 63;
            } else {
                scale = low(bytes[packed + j + 4]) + 16 * (bytes[packed + j - 4] >> 6 & 3);
                minimum = high(bytes[packed + j + 4]) + 16 * (bytes[packed + j] >> 6 & 3);
            }
            row.scales().set(first / 32 + j, d, scale);
            row.minimums().set(first / 32 + j, -dmin, minimum);
        }
    }

    /** 128 bytes of low four bits, 64 bytes of high two bits, 16 signed scales, half d. */
    static void q6k(byte[] bytes, int at, GroupedRow row, int first) {
        float d = half(bytes, at + 208);
        for (int group = 0; group < 16; group++) {
            row.scales().set(first / 16 + group, d, bytes[at + 192 + group]);
        }
        byte[] numbers = row.numbers();
        for (int half = 0; half < 2; half++) {
            int lows = at + 64 * half;
            int highs = at + 128 + 32 * half;
            int to = first + 128 * half;
            for (int i = 0; i < 32; i += Long.BYTES) {
                long high = (long) LONGS.get(bytes, highs + i);
                long one = (long) LONGS.get(bytes, lows + i);
                long two = (long) LONGS.get(bytes, lows + 32 + i);
                LONGS.set(numbers, to + i, lessHalf((one & LOWS) | (high << 4 & PAIRS)));
                LONGS.set(numbers, to + 32 + i, lessHalf((two & LOWS) | (high << 2 & PAIRS)));
                LONGS.set(numbers, to + 64 + i, lessHalf((one >>> 4 & LOWS) | (high & PAIRS)));
                LONGS.set(numbers, to + 96 + i, lessHalf((two >>> 4 & LOWS) | (high >>> 2 & PAIRS)));
            }
        }
    }

    /** Eight codes of 6 bits, each less 32. */
    private static long lessHalf(long codes) {
        long isNegative = ~codes & 0x2020_2020_2020_2020L;
        return (codes & 0x1F1F_1F1F_1F1F_1F1FL) | isNegative | isNegative << 1 | isNegative << 2;
    }

    /** As Q4_0, numbers through a table. */
    static void iq4nl(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, half(bytes, at));
        table(GroupFormat.Integers.IQ4, bytes, at + 2, row, first);
    }

    private static void table(GroupFormat.Integers table, byte[] bytes, int at, GroupedRow row, int first) {
        for (int i = 0; i < 16; i++) {
            row.numbers()[first + i] = (byte) table.number(low(bytes[at + i]));
            row.numbers()[first + i + 16] = (byte) table.number(high(bytes[at + i]));
        }
    }

    /** Half d, two bytes of the scales' high bits, 4 bytes of their low bits, 128 bytes of four-bit numbers. */
    static void iq4xs(byte[] bytes, int at, GroupedRow row, int first) {
        float d = half(bytes, at);
        for (int group = 0; group < 8; group++) {
            byte lows = bytes[at + 4 + group / 2];
            int highBits = bytes[at + 2 + group / 4] >> (2 * (group % 4)) & 3;
            int sixBits = (group % 2 == 0 ? low(lows) : high(lows)) + 16 * highBits;
            scale(row, first + 32 * group, d, sixBits - 32);
            table(GroupFormat.Integers.IQ4, bytes, at + 8 + 16 * group, row, first + 32 * group);
        }
    }

    /** A byte of exponent, 16 bytes as in Q4_0 of FP4 codes. */
    static void mxfp4(byte[] bytes, int at, GroupedRow row, int first) {
        scale(row, first, Mxfp4.halfScale(bytes[at] & 0xFF));
        table(GroupFormat.Integers.FP4, bytes, at + 1, row, first);
    }
}
