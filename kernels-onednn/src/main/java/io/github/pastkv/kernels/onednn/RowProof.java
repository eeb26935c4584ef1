package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * Verifies, for one kernel on this machine, that a row of the result has the same bits for any number of rows. The
 * library does not guarantee this; it depends on the version and instruction set. So it is tested for each shape when
 * weights are packed, which takes some milliseconds and also compiles the kernels used later.
 */
final class RowProof {
    private static final int PERIOD = 4099;

    private final SliceKernel kernel;
    private final SliceShape shape;
    private final MemorySegment inputs;
    private final MemorySegment expected;
    private final SliceWeights weights;
    private final Arena arena;

    private RowProof(SliceKernel kernel, Arena arena) {
        this.kernel = kernel;
        this.shape = kernel.shape();
        this.arena = arena;
        this.inputs = numbers((long) RowBlocks.LARGEST * shape.numInputs(), shape.kind().inputs().bytes());
        MemorySegment packed = NativeMemory.allocate(kernel.packedBytes(), arena);
        MemorySegment plain =
                numbers((long) shape.numInputs() * shape.numOutputs(), shape.kind().weightBytes());
        Packing.reorder(kernel, plain.address(), shape.numInputs(), 1, packed.address());
        MemorySegment perOutput = numbers(shape.numOutputs(), Float.BYTES);
        this.weights = new SliceWeights(packed.address(), perOutput.address(), perOutput.address());
        this.expected = NativeMemory.allocateSparse(outputBytes(RowBlocks.LARGEST), arena);
    }

    /** Whether all numbers of rows agree. */
    static boolean holds(SliceKernel kernel) {
        try (Arena arena = Arena.ofShared()) {
            RowProof proof = new RowProof(kernel, arena);
            proof.run(RowBlocks.LARGEST, proof.expected);
            return IntStream.range(0, RowBlocks.COUNT - 1).parallel().allMatch(
                    index -> proof.agrees(RowBlocks.size(index)));
        }
    }

    /** The last rows of the largest block, computed on their own. */
    private boolean agrees(int numRows) {
        MemorySegment outputs = NativeMemory.allocateSparse(outputBytes(numRows), arena);
        run(numRows, outputs);
        long rowBytes = (long) shape.layerOutputs() * Float.BYTES;
        long sliceBytes = (long) shape.numOutputs() * Float.BYTES;
        for (int row = 0; row < numRows; row++) {
            MemorySegment actual = outputs.asSlice(row * rowBytes, sliceBytes);
            int sameRow = RowBlocks.LARGEST - numRows + row;
            if (actual.mismatch(expected.asSlice(sameRow * rowBytes, sliceBytes)) >= 0) {
                return false;
            }
        }
        return true;
    }

    private void run(int numRows, MemorySegment outputs) {
        Dnnl.useOneThread();
        long firstRow = (long) (RowBlocks.LARGEST - numRows) * shape.numInputs() * shape.kind().inputs().bytes();
        kernel.matmul(numRows, shape.numInputs(), shape.layerOutputs()).run(weights, inputs.address() + firstRow,
                outputs.address(),
                ThreadBuffers.ofThisThread());
    }

    private long outputBytes(int numRows) {
        return (long) numRows * shape.layerOutputs() * Float.BYTES;
    }

    /**
     * Numbers in (-1, 1) of four, two or one byte: F32, BF16, integers. The first {@link #PERIOD} repeat, as making
     * millions takes longer than the proof: an odd number, so that each row begins with another one.
     */
    private MemorySegment numbers(long count, int bytes) {
        MemorySegment numbers = NativeMemory.allocate(count * bytes, arena);
        ByteBuffer first = ByteBuffer.allocate(PERIOD * bytes).order(ByteOrder.nativeOrder());
        int state = 12345;
        for (int i = 0; i < PERIOD; i++) {
            state = state * 1664525 + 1013904223;
            int bits = Float.floatToRawIntBits((state >> 8) * 0x1p-23f);
            switch (bytes) {
                case Float.BYTES -> first.putInt(bits);
                case Short.BYTES -> first.putShort((short) (bits >>> 16));
                default -> first.put((byte) (state >> 24));
            }
        }
        for (long from = 0; from < numbers.byteSize(); from += first.capacity()) {
            long length = Math.min(first.capacity(), numbers.byteSize() - from);
            MemorySegment.copy(MemorySegment.ofArray(first.array()), 0, numbers, from, length);
        }
        return numbers;
    }
}
