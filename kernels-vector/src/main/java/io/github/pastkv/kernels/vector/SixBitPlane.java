package io.github.pastkv.kernels.vector;

import java.lang.foreign.Arena;

/**
 * Codes of 6 bits, which one instruction each cuts out in place: three ints hold four inputs of four vectors, each
 * five codes from bit 0 on, and in bits 30 and 31 two bits of the last code, the lowest in the first int.
 */
final class SixBitPlane extends CodePlane {
    private static final int INTS = 3;
    private static final int INPUTS = 4;

    SixBitPlane(int numInputs, int numPanels, Arena arena) {
        super((long) padded(numInputs) / INPUTS * INTS, numPanels, arena);
    }

    @Override
    void add(byte[] a, byte[] b, byte[] c, byte[] d, int from, int to, int lane, int[] words) {
        int at = from / INPUTS * INTS * Lanes.COUNT + lane;
        for (int i = from; i < to; i += INPUTS) {
            int last = d[i + 3];
            words[at] = a[i] | b[i] << 6 | c[i] << 12 | d[i] << 18 | a[i + 1] << 24 | last << 30;
            words[at + Lanes.COUNT] = b[i + 1] | c[i + 1] << 6 | d[i + 1] << 12 | a[i + 2] << 18 | b[i + 2] << 24
                    | last >>> 2 << 30;
            words[at + 2 * Lanes.COUNT] = c[i + 2] | d[i + 2] << 6 | a[i + 3] << 12 | b[i + 3] << 18 | c[i + 3] << 24
                    | last >>> 4 << 30;
            at += INTS * Lanes.COUNT;
        }
    }
}
