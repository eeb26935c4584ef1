package io.github.pastkv.kernels.vector;

import java.lang.foreign.Arena;

/**
 * Codes of 6 bits, which one instruction each cuts out in place: three ints hold four inputs of four vectors, each
 * five codes from bit 0 on, and in bits 30 and 31 two bits of the last code, the lowest in the first int.
 */
final class SixBitPlane extends CodePlane {
    private static final int BITS = 6;
    private static final int INTS = 3;
    private static final int INPUTS = 4;
    private static final int CODES_PER_INT = 5;
    private static final int LAST_CODE = INPUTS * VECTORS - 1;
    private static final int LAST_SHIFT = CODES_PER_INT * BITS;

    SixBitPlane(int numInputs, int numPanels, Arena arena) {
        super((long) padded(numInputs) / INPUTS * INTS, numPanels, arena);
    }

    @Override
    void add(byte[] row, int from, int to, int vector, int lane, int[] words) {
        for (int i = 0; i < INPUTS; i++) {
            int position = i * VECTORS + vector;
            if (position == LAST_CODE) {
                addLast(row, from + i, to, lane, words);
            } else {
                addEveryFourth(row, from + i, to, position, lane, words);
            }
        }
    }

    /** Every fourth input, whose code is at {@code position} of its four inputs of four vectors. */
    private static void addEveryFourth(byte[] row, int from, int to, int position, int lane, int[] words) {
        int shift = position % CODES_PER_INT * BITS;
        int at = (from / INPUTS * INTS + position / CODES_PER_INT) * Lanes.COUNT + lane;
        for (int input = from; input < to; input += INPUTS) {
            words[at] |= row[input] << shift;
            at += INTS * Lanes.COUNT;
        }
    }

    private static void addLast(byte[] row, int from, int to, int lane, int[] words) {
        int at = from / INPUTS * INTS * Lanes.COUNT + lane;
        for (int input = from; input < to; input += INPUTS) {
            int code = row[input];
            words[at] |= (code & 3) << LAST_SHIFT;
            words[at + Lanes.COUNT] |= (code >>> 2 & 3) << LAST_SHIFT;
            words[at + 2 * Lanes.COUNT] |= code >>> 4 << LAST_SHIFT;
            at += INTS * Lanes.COUNT;
        }
    }
}
