package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Codes of grouped weights in the panels that {@link VectorGroupedWeights} describes, {@code [panel][int][lane]}, with
 * inputs padded to a multiple of {@link #INPUT_GRAIN}.
 */
abstract class CodePlane {
    /** Inputs that a step of any body reads at most. */
    static final int INPUT_GRAIN = 8;

    static final int VECTORS = 4;
    /** Inputs whose words of a panel stay in the nearest cache while rows are added. */
    private static final int BLOCK_INPUTS = 256;
    /** Outputs of a panel of grouped weights. */
    static final int PANEL_OUTPUTS = VECTORS * Lanes.COUNT;

    private final long intsPerLane;
    private final MemorySegment panels;

    /** A plane of so many ints for each lane of a panel. */
    CodePlane(long intsPerLane, int numPanels, Arena arena) {
        this.intsPerLane = intsPerLane;
        this.panels = NativeMemory.allocate(numPanels * panelBytes(), arena);
    }

    /** {@code numInputs} with padding. */
    static int padded(int numInputs) {
        return Math.ceilDiv(numInputs, INPUT_GRAIN) * INPUT_GRAIN;
    }

    private long panelBytes() {
        return intsPerLane * Lanes.BYTES;
    }

    /**
     * Adds the codes of inputs {@code [from, to)} of one row, {@code from} a multiple of 256.
     *
     * @param vector of the panel that the row belongs to
     * @param lane of that vector
     * @param words of the panel, {@code [int][lane]}
     */
    abstract void add(byte[] row, int from, int to, int vector, int lane, int[] words);

    /** Writes a panel, given the codes of its first rows; the others are 0. */
    final void put(byte[][] codes, int panel) {
        int[] words = new int[Math.toIntExact(intsPerLane) * Lanes.COUNT];
        int numInputs = codes.length == 0 ? 0 : codes[0].length;
        for (int from = 0; from < numInputs; from += BLOCK_INPUTS) {
            int to = Math.min(from + BLOCK_INPUTS, numInputs);
            for (int row = 0; row < codes.length; row++) {
                add(codes[row], from, to, row / Lanes.COUNT, row % Lanes.COUNT, words);
            }
        }
        MemorySegment.copy(words, 0, panels, Lanes.INT, panel * panelBytes(), words.length);
    }

    final MemorySegment panels() {
        return panels;
    }

    /** First byte of the panel of {@code output}. */
    final long panelByteOffset(int output) {
        return output / PANEL_OUTPUTS * panelBytes();
    }

    final long byteSize() {
        return panels.byteSize();
    }
}
