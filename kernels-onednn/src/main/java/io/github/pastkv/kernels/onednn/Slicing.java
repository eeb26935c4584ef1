package io.github.pastkv.kernels.onednn;

/**
 * How the outputs of a layer are cut into slices: a function of the layer's size alone, never of threads or machine, as
 * it is part of the numeric identity. Slices are about large enough to hide what a call costs, small enough to stay in a
 * core's cache while blocks of rows pass, and of equal size where that comes out even.
 */
final class Slicing {
    /** For the numeric identity: changes whenever slices are cut in another way. */
    static final String IDENTITY = "slices-1";

    private static final long WEIGHTS_PER_SLICE = 1 << 17;
    private static final int GRAIN = 32;

    private Slicing() {}

    /** Outputs of every slice but perhaps the last. */
    static int outputsPerSlice(int numInputs, int numOutputs) {
        if (numOutputs <= 2 * GRAIN) {
            return numOutputs;
        }
        long bySize = (long) numInputs * numOutputs / WEIGHTS_PER_SLICE;
        int most = (int) Long.highestOneBit(Math.clamp(bySize, 2, numOutputs / GRAIN));
        for (int slices = most; slices >= Math.max(most / 2, 2); slices /= 2) {
            if (numOutputs % (slices * GRAIN) == 0) {
                return numOutputs / slices;
            }
        }
        return Math.ceilDiv(Math.ceilDiv(numOutputs, most), GRAIN) * GRAIN;
    }
}
