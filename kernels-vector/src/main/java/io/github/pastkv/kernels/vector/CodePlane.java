package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Codes of grouped weights in the panels that {@link VectorGroupedWeights} describes, {@code [panel][int][lane]}, with
 * inputs padded to a multiple of {@link #INPUT_GRAIN}.
 */
abstract class CodePlane {
    /** Inputs that a step of any body reads at most. */
    static final int INPUT_GRAIN = 8;

    static final int VECTORS = 4;
    /** Inputs whose words of a panel stay in the nearest cache while lanes are written. */
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
     * Writes the codes of inputs {@code [from, to)}, both multiples of {@link #INPUT_GRAIN}, of the four rows that
     * share a lane.
     *
     * @param a the row of the first vector; b, c and d those of the others
     * @param words of the panel, {@code [int][lane]}, zeros before
     */
    abstract void add(byte[] a, byte[] b, byte[] c, byte[] d, int from, int to, int lane, int[] words);

    /** Writes a panel, given the codes of its first rows; the others are 0. */
    final void put(byte[][] codes, int panel) {
        int[] words = new int[Math.toIntExact(intsPerLane) * Lanes.COUNT];
        int numInputs = codes.length == 0 ? 0 : padded(codes[0].length);
        byte[][] rows = padded(codes, numInputs);
        for (int from = 0; from < numInputs; from += BLOCK_INPUTS) {
            int to = Math.min(from + BLOCK_INPUTS, numInputs);
            for (int lane = 0; lane < Lanes.COUNT; lane++) {
                add(rows[lane], rows[lane + Lanes.COUNT], rows[lane + 2 * Lanes.COUNT], rows[lane + 3 * Lanes.COUNT],
                        from, to, lane, words);
            }
        }
        MemorySegment.copy(words, 0, panels, Lanes.INT, panel * panelBytes(), words.length);
    }

    /** All rows of a panel, each of {@code numInputs} codes. */
    private static byte[][] padded(byte[][] codes, int numInputs) {
        byte[][] rows = new byte[PANEL_OUTPUTS][];
        byte[] zeros = new byte[numInputs];
        for (int row = 0; row < PANEL_OUTPUTS; row++) {
            byte[] given = row < codes.length ? codes[row] : zeros;
            rows[row] = given.length == numInputs ? given : Arrays.copyOf(given, numInputs);
        }
        return rows;
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
