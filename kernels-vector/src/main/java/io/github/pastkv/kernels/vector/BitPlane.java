package io.github.pastkv.kernels.vector;

import java.lang.foreign.Arena;

/**
 * Some bits of the codes: with P bits, an int holds 4P bits for each of {@code 32 / 4P} neighboring inputs, of which P
 * are of each vector.
 */
final class BitPlane extends CodePlane {
    private static final int NIBBLE = 15;
    private static final int NEXT_INPUT = 4 * VECTORS;

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
    void add(byte[] row, int from, int to, int vector, int lane, int[] words) {
        if (inputsPerInt == 2) {
            addPairs(row, from, to, vector, lane, words);
            return;
        }
        int mask = (1 << bits) - 1;
        int log = Integer.numberOfTrailingZeros(inputsPerInt);
        for (int input = from; input < to; input++) {
            int shift = bits * (VECTORS * (input & inputsPerInt - 1) + vector);
            words[(input >> log) * Lanes.COUNT + lane] |= ((row[input] & 0xFF) >>> firstBit & mask) << shift;
        }
    }

    /** The commonest case. */
    private void addPairs(byte[] row, int from, int to, int vector, int lane, int[] words) {
        int shift = bits * vector;
        int at = from / 2 * Lanes.COUNT + lane;
        int input = from;
        for (; input + 1 < to; input += 2) {
            int low = row[input] >>> firstBit & NIBBLE;
            int high = row[input + 1] >>> firstBit & NIBBLE;
            words[at] |= (low | high << NEXT_INPUT) << shift;
            at += Lanes.COUNT;
        }
        if (input < to) {
            words[at] |= (row[input] >>> firstBit & NIBBLE) << shift;
        }
    }
}
