package io.github.pastkv.kernels.vector;

import java.lang.foreign.Arena;

/**
 * Some bits of the codes: with P bits, an int holds 4P bits for each of {@code 32 / 4P} neighboring inputs, of which P
 * are of each vector.
 */
final class BitPlane extends CodePlane {
    private final int bits;
    private final int firstBit;
    private final int inputsPerInt;

    /**
     * @param bits of each code: 1, 2, 4 or 8
     * @param firstBit of the code, that is the lowest here
     */
    BitPlane(int bits, int firstBit, int numInputs, int numPanels, Arena arena) {
        super(padded(numInputs) / (Integer.SIZE / (VECTORS * bits)), numPanels, arena);
        this.bits = bits;
        this.firstBit = firstBit;
        this.inputsPerInt = Integer.SIZE / (VECTORS * bits);
    }

    @Override
    int word(byte[][] codes, int lane, int index) {
        int mask = (1 << bits) - 1;
        int word = 0;
        int from = index * inputsPerInt;
        for (int vector = 0; vector < VECTORS && vector * Lanes.COUNT + lane < codes.length; vector++) {
            byte[] row = codes[vector * Lanes.COUNT + lane];
            for (int i = 0; i < inputsPerInt && from + i < row.length; i++) {
                word |= ((row[from + i] & 0xFF) >>> firstBit & mask) << (bits * (VECTORS * i + vector));
            }
        }
        return word;
    }
}
