package io.github.pastkv.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Some bits of the codes of grouped weights, in the panels that {@link VectorGroupedWeights} describes. */
final class BitPlane {
    private static final long ALIGNMENT = 64;
    private static final int VECTORS = 4;

    private final int bits;
    private final int firstBit;
    private final int numInputs;
    private final int inputsPerInt;
    private final long panelBytes;
    private final MemorySegment panels;

    /**
     * @param bits of each code: 1, 2, 4 or 8
     * @param firstBit of the code, that is the lowest here
     */
    BitPlane(int bits, int firstBit, int numInputs, int numPanels, Arena arena) {
        this.bits = bits;
        this.firstBit = firstBit;
        this.numInputs = numInputs;
        this.inputsPerInt = Integer.SIZE / (VECTORS * bits);
        this.panelBytes = Math.ceilDiv(numInputs, inputsPerInt) * Lanes.BYTES;
        this.panels = arena.allocate(Math.max(numPanels * panelBytes, 1), ALIGNMENT);
    }

    /** Writes a panel, given the codes of its first rows; the others are 0. */
    void put(byte[][] codes, int panel) {
        for (int lane = 0; lane < Math.min(Lanes.COUNT, codes.length); lane++) {
            for (int from = 0; from < numInputs; from += inputsPerInt) {
                panels.set(Lanes.INT, panel * panelBytes + from / inputsPerInt * Lanes.BYTES + 4L * lane,
                        word(codes, lane, from));
            }
        }
    }

    /** The int that holds inputs from {@code from} on, of one lane of the four vectors. */
    private int word(byte[][] codes, int lane, int from) {
        int mask = (1 << bits) - 1;
        int word = 0;
        for (int vector = 0; vector < VECTORS && vector * Lanes.COUNT + lane < codes.length; vector++) {
            byte[] row = codes[vector * Lanes.COUNT + lane];
            for (int i = 0; i < inputsPerInt && from + i < numInputs; i++) {
                word |= ((row[from + i] & 0xFF) >>> firstBit & mask) << (bits * (VECTORS * i + vector));
            }
        }
        return word;
    }

    MemorySegment panels() {
        return panels;
    }

    /** First byte of the panel of {@code output}. */
    long panelByteOffset(int output) {
        return output / VectorGroupedWeights.PANEL_OUTPUTS * panelBytes;
    }

    long byteSize() {
        return panels.byteSize();
    }
}
