package io.github.pastkv.kernels.onednn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Brings weights into the library's layout. */
final class Packing {
    private Packing() {}

    /**
     * Packs one slice.
     *
     * @param source weight of output 0 and input 0
     * @param outputStride weights from an output to the next
     * @param inputStride weights from an input to the next
     * @param target {@link SliceKernel#packedBytes()} bytes
     */
    static void reorder(SliceKernel kernel, long source, long outputStride, long inputStride, long target) {
        SliceShape shape = kernel.shape();
        Dnnl.useOneThread();
        long plain = Dnnl.matrix(shape.kind().weightCode(), shape.numInputs(), shape.numOutputs(), inputStride,
                outputStride);
        long operation = Dnnl.reorder(plain, kernel.weightsDescription());
        long primitive = Dnnl.primitive(operation);
        long from = Dnnl.memory(plain, source);
        long to = Dnnl.memory(kernel.weightsDescription(), target);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment arguments = arena.allocate(2 * Dnnl.EXEC_ARG_BYTES, 16);
            Dnnl.putArgument(arguments, 0, Dnnl.ARG_SRC, from);
            Dnnl.putArgument(arguments, 1, Dnnl.ARG_DST, to);
            Dnnl.execute(primitive, 2, arguments.address());
        } finally {
            Dnnl.destroyMemory(from);
            Dnnl.destroyMemory(to);
            Dnnl.destroyPrimitive(primitive);
            Dnnl.destroyOperation(operation);
            Dnnl.destroyDescription(plain);
        }
    }
}
