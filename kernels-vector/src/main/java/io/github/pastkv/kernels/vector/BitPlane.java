package io.github.pastkv.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Some bits of the codes: with P bits, an int holds 4P bits for each of {@code 32 / 4P} neighboring inputs, of which P
 * are of each vector.
 */
final class BitPlane extends CodePlane {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, LITTLE_ENDIAN);
    private static final int NIBBLE_BITS = 4;
    private static final long LOW_NIBBLES = 0x0F0F_0F0F_0F0F_0F0FL;

    private final int bits;
    private final int mask;
    private final int firstBit;
    private final int inputsPerInt;

    /**
     * @param bits of each code: 1, 2, 4 or 8
     * @param firstBit of the code, that is the lowest here
     */
    BitPlane(int bits, int firstBit, int numInputs, int numPanels, Arena arena) {
        super(padded(numInputs) / (Integer.SIZE / (VECTORS * bits)), numPanels, arena);
        this.bits = bits;
        this.mask = (1 << bits) - 1;
        this.firstBit = firstBit;
        this.inputsPerInt = Integer.SIZE / (VECTORS * bits);
    }

    @Override
    void add(byte[] a, byte[] b, byte[] c, byte[] d, int from, int to, int lane, int[] words) {
        if (bits == NIBBLE_BITS) {
            addNibbles(a, b, c, d, from, to, lane, words);
            return;
        }
        int log = Integer.numberOfTrailingZeros(inputsPerInt);
        for (int input = from; input < to; input++) {
            int four = code(a[input]) | code(b[input]) << bits | code(c[input]) << (2 * bits)
                    | code(d[input]) << (3 * bits);
            words[(input >> log) * Lanes.COUNT + lane] |= four << (VECTORS * bits * (input & (inputsPerInt - 1)));
        }
    }

    private int code(byte whole) {
        return (whole & 0xFF) >>> firstBit & mask;
    }

    /** The commonest case, eight inputs at a time. */
    private void addNibbles(byte[] a, byte[] b, byte[] c, byte[] d, int from, int to, int lane, int[] words) {
        int at = from / 2 * Lanes.COUNT + lane;
        for (int input = from; input < to; input += Long.BYTES) {
            long ab = nibbles(a, input) | nibbles(b, input) << NIBBLE_BITS;
            long cd = nibbles(c, input) | nibbles(d, input) << NIBBLE_BITS;
            long first = spread(ab) | spread(cd) << Byte.SIZE;
            long last = spread(ab >>> Integer.SIZE) | spread(cd >>> Integer.SIZE) << Byte.SIZE;
            words[at] = (int) first;
            words[at + Lanes.COUNT] = (int) (first >>> Integer.SIZE);
            words[at + 2 * Lanes.COUNT] = (int) last;
            words[at + 3 * Lanes.COUNT] = (int) (last >>> Integer.SIZE);
            at += 4 * Lanes.COUNT;
        }
    }

    private long nibbles(byte[] row, int from) {
        return (long) LONGS.get(row, from) >>> firstBit & LOW_NIBBLES;
    }

    /** The lower four bytes, each followed by a byte of 0. */
    private static long spread(long bytes) {
        long low = bytes & 0xFFFF_FFFFL;
        long pairs = (low << Short.SIZE | low) & 0x0000_FFFF_0000_FFFFL;
        return (pairs << Byte.SIZE | pairs) & 0x00FF_00FF_00FF_00FFL;
    }
}
