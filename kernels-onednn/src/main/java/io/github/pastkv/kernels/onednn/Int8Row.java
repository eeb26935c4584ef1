package io.github.pastkv.kernels.onednn;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A slice of a linear layer for one row, panel by panel; see {@link Int8Panels}. */
final class Int8Row {
    private static final int BF16_SHIFT = 16;
    private static final int EXPONENT_BITS = 0x7F80_0000;

    private Int8Row() {}

    /**
     * The row as F32, filled up to an even number, in memory of this thread. Numbers below 2^-126 become zero, as the
     * instruction of the library takes them.
     *
     * @return its address, until the thread widens another
     */
    static long widen(MemorySegment inputs, long byteOffset, int numInputs, ThreadBuffers buffers) {
        MemorySegment wide = buffers.inputs((numInputs + 1L) * Float.BYTES);
        for (int i = 0; i < numInputs; i++) {
            int bits = inputs.get(ValueLayout.JAVA_SHORT_UNALIGNED, byteOffset + (long) i * Short.BYTES) << BF16_SHIFT;
            boolean isSubnormal = (bits & EXPONENT_BITS) == 0;
            wide.setAtIndex(ValueLayout.JAVA_INT, i, isSubnormal ? 0 : bits);
        }
        wide.setAtIndex(ValueLayout.JAVA_INT, numInputs, 0);
        return wide.address();
    }

    /** Computes the slice; addresses as {@link Int8Panels} takes them, the target that of the slice's first output. */
    static void run(SliceKernel kernel, int chainInputs, SliceWeights weights, long wideInputs, long target,
            ThreadBuffers buffers) {
        int numOutputs = kernel.shape().numOutputs();
        int numInputs = kernel.shape().numInputs() + 1 & ~1;
        int numPanels = Math.ceilDiv(numOutputs, Int8Panels.PANEL_OUTPUTS);
        long panelBytes = kernel.packedBytes() / numPanels;
        long sums = buffers.outputs((long) Int8Panels.PANEL_OUTPUTS * Float.BYTES).address();
        for (int panel = 0; panel < numPanels; panel++) {
            int first = panel * Int8Panels.PANEL_OUTPUTS;
            long offset = (long) first * Float.BYTES;
            Int8Panels.sums(weights.packedAddress() + panel * panelBytes, wideInputs, numInputs, chainInputs, sums);
            Int8Panels.finish(sums, weights.scalesAddress() + offset,
                    weights.biasAddress() == 0 ? 0 : weights.biasAddress() + offset,
                    Math.min(Int8Panels.PANEL_OUTPUTS, numOutputs - first), target + offset);
        }
    }
}
