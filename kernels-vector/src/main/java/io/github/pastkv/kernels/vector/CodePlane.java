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

    /** The int at {@code index} of a lane, of rows {@code codes} of which some may be missing. */
    abstract int word(byte[][] codes, int lane, int index);

    /** Writes a panel, given the codes of its first rows; the others are 0. */
    final void put(byte[][] codes, int panel) {
        int[] words = new int[Math.toIntExact(intsPerLane) * Lanes.COUNT];
        for (int lane = 0; lane < Math.min(Lanes.COUNT, codes.length); lane++) {
            for (int i = 0; i < intsPerLane; i++) {
                words[i * Lanes.COUNT + lane] = word(codes, lane, i);
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
