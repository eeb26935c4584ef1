package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;
import java.util.Random;

/**
 * Determines the order in which the library sums a row of a shape, by running it: if {@link Int8Panels} with some chain
 * length gives the same bits for all tested numbers, single rows use it. This depends on the library version and
 * instruction set, so it is tested again for each shape when weights are packed; if no length matches, the library
 * computes the row.
 */
final class RowOrder {
    /** Sums that are compared at least, of two rows or more; two at a time. */
    private static final int MIN_SUMS = 128;
    /** Lengths of chains that the library was seen to use (3.11, avx512_core_bf16), and their neighbors. */
    private static final int[] CHAIN_INPUTS = {1024, 512, Integer.MAX_VALUE - 1, 2048, 4096, 256, 128, 64};

    private final SliceKernel kernel;
    private final SliceShape shape;
    private final int numRows; // even
    private final Arena arena;
    private final Random random = new Random(29);
    private final MemorySegment inputs; // BF16 [rows, K]
    private final SliceWeights weights;
    private final MemorySegment expected; // F32 [rows, layer's outputs]

    private RowOrder(SliceKernel kernel, Arena arena) {
        this.kernel = kernel;
        this.shape = kernel.shape();
        this.numRows = 2 * Math.ceilDiv(MIN_SUMS, 2 * shape.numOutputs());
        this.arena = arena;
        this.inputs = arena.allocate((long) numRows * shape.numInputs() * Short.BYTES, 64);
        for (int i = 0; i < numRows * shape.numInputs(); i++) {
            // Magnitudes far apart, so that every order rounds in its own way.
            float number = Math.scalb((float) random.nextGaussian(), random.nextInt(12) - 6);
            inputs.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(number) >>> 16));
        }
        this.weights =
                new SliceWeights(packed().address(), numbers().address(), shape.isBiased() ? numbers().address() : 0);
        this.expected = arena.allocate((long) numRows * shape.layerOutputs() * Float.BYTES, 64);
    }

    private MemorySegment packed() {
        byte[] bytes = new byte[Math.multiplyExact(shape.numInputs(), shape.numOutputs())];
        random.nextBytes(bytes);
        MemorySegment plain = arena.allocate(bytes.length, 64);
        MemorySegment.copy(bytes, 0, plain, ValueLayout.JAVA_BYTE, 0, bytes.length);
        MemorySegment packed = NativeMemory.allocate(kernel.packedBytes(), arena);
        Packing.reorder(kernel, plain.address(), shape.numInputs(), 1, packed.address());
        return packed;
    }

    private MemorySegment numbers() {
        MemorySegment numbers = arena.allocate((long) shape.numOutputs() * Float.BYTES, 64);
        for (int i = 0; i < shape.numOutputs(); i++) {
            numbers.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return numbers;
    }

    /**
     * Inputs of a chain, even; empty where the library sums in none of the orders tried, or lays weights out otherwise.
     */
    static OptionalInt chainInputs(SliceKernel kernel) {
        SliceShape shape = kernel.shape();
        long numPanels = Math.ceilDiv(shape.numOutputs(), Int8Panels.PANEL_OUTPUTS);
        boolean hasPanels = shape.kind() == NumberKind.INT8 && kernel.packedBytes() % numPanels == 0
                && kernel.packedBytes() / numPanels >= pairs(shape) * Int8Panels.PAIR_BYTES;
        if (!hasPanels) {
            return OptionalInt.empty();
        }
        try (Arena arena = Arena.ofShared()) {
            RowOrder order = new RowOrder(kernel, arena);
            order.runLibrary();
            for (int chainInputs : CHAIN_INPUTS) {
                if (order.agrees(chainInputs)) {
                    return OptionalInt.of(chainInputs);
                }
            }
            return OptionalInt.empty();
        }
    }

    private static long pairs(SliceShape shape) {
        return Math.ceilDiv(shape.numInputs(), 2);
    }

    private void runLibrary() {
        Dnnl.useOneThread();
        for (int row = 0; row < numRows; row += 2) {
            kernel.matmul(2, shape.numInputs(), shape.layerOutputs()).run(weights,
                    inputs.address() + (long) row * shape.numInputs() * Short.BYTES,
                    expected.address() + (long) row * shape.layerOutputs() * Float.BYTES,
                    ThreadBuffers.ofThisThread());
        }
    }

    private boolean agrees(int chainInputs) {
        MemorySegment actual = arena.allocate((long) shape.numOutputs() * Float.BYTES, 64);
        ThreadBuffers buffers = ThreadBuffers.ofThisThread();
        for (int row = 0; row < numRows; row++) {
            long wide = Int8Row.widen(inputs, (long) row * shape.numInputs() * Short.BYTES, shape.numInputs(), buffers);
            Int8Row.run(kernel, chainInputs, weights, wide, actual.address(), buffers);
            long from = (long) row * shape.layerOutputs() * Float.BYTES;
            if (actual.mismatch(expected.asSlice(from, actual.byteSize())) >= 0) {
                return false;
            }
        }
        return true;
    }
}
