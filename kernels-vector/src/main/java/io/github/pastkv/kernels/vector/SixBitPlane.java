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

    SixBitPlane(int numInputs, int numPanels, Arena arena) {
        super((long) padded(numInputs) / INPUTS * INTS, numPanels, arena);
    }

    @Override
    int word(byte[][] codes, int lane, int index) {
        int from = index / INTS * INPUTS;
        int part = index % INTS;
        int word = ((code(codes, lane, from, LAST_CODE) >>> (2 * part)) & 3) << (CODES_PER_INT * BITS);
        for (int i = 0; i < CODES_PER_INT; i++) {
            word |= code(codes, lane, from, CODES_PER_INT * part + i) << (BITS * i);
        }
        return word;
    }

    /** The code at {@code position} of the four inputs of four vectors; 0 where there is none. */
    private static int code(byte[][] codes, int lane, int from, int position) {
        int row = position % VECTORS * Lanes.COUNT + lane;
        int input = from + position / VECTORS;
        return row < codes.length && input < codes[row].length ? codes[row][input] : 0;
    }
}
