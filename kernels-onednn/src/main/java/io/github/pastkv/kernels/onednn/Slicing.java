package io.github.pastkv.kernels.onednn;

/**
 * Splits the outputs of a layer into slices. The split depends on the size of the layer only, never on threads or the
 * machine, as it is part of the numeric identity. Slices are large enough to amortize a call, small enough to stay in a
 * core's cache while blocks of rows pass, and of equal size where possible.
 */
final class Slicing {
    /** Part of the numeric identity: must change whenever the slicing changes. */
    static final String IDENTITY = "slices-1";

    private static final long WEIGHTS_PER_SLICE = 1 << 17;
    private static final int GRAIN = 32;
    /** Outputs that the library packs together; the last such block of a slice is filled up. */
    private static final int BLOCK = 64;

    private Slicing() {}

    /** Outputs of every slice but perhaps the last. */
    static int outputsPerSlice(int numInputs, int numOutputs) {
        if (numOutputs <= BLOCK) {
            return numOutputs;
        }
        long bySize = (long) numInputs * numOutputs / WEIGHTS_PER_SLICE;
        int most = (int) Long.highestOneBit(Math.clamp(bySize, 2, Math.max(numOutputs / BLOCK, 2)));
        for (int slices = most; slices >= Math.max(most / 4, 2); slices /= 2) {
            if (numOutputs % (slices * GRAIN) == 0 && fillsItsBlocks(numOutputs / slices)) {
                return numOutputs / slices;
            }
        }
        return roundUp(Math.ceilDiv(numOutputs, most));
    }

    /** Whether at most an eighth is added to fill the last block. */
    private static boolean fillsItsBlocks(int outputs) {
        return 8 * (roundUp(outputs) - outputs) <= outputs;
    }

    private static int roundUp(int outputs) {
        return Math.ceilDiv(outputs, BLOCK) * BLOCK;
    }
}
