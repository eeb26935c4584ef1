package io.github.pastkv.kernels.onednn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A compiled product for one {@link SliceShape}, number of rows and strides. It stays for the life of the
 * process. Safe for any number of threads: each call borrows one of a few sets of arguments.
 */
final class Matmul {
    private static final int KEPT_CALLS = 8;

    private final SliceShape shape;
    private final int numRows;
    private final long inputStride;
    private final long outputStride;
    private final long primitive;
    private final long weightsDescription;
    private final long scratchBytes;
    private final long scratchDescription;
    private final AtomicReferenceArray<Call> idleCalls = new AtomicReferenceArray<>(KEPT_CALLS);

    /**
     * Compiles.
     *
     * @param inputStride numbers between rows of inputs
     * @param outputStride numbers between rows of outputs
     * @param weightsDescription how weights are packed; stays the caller's
     */
    Matmul(SliceShape shape, int numRows, long inputStride, long outputStride, long weightsDescription) {
        this.shape = shape;
        this.numRows = numRows;
        this.inputStride = inputStride;
        this.outputStride = outputStride;
        this.weightsDescription = weightsDescription;
        Dnnl.useOneThread();
        long source = sources();
        long target = targets();
        long operation = describe(shape, source, target, weightsDescription);
        Dnnl.destroyDescription(source);
        Dnnl.destroyDescription(target);
        if (operation == 0) {
            throw new IllegalStateException("oneDNN: no product of " + numRows + " rows for " + shape);
        }
        this.primitive = Dnnl.primitive(operation);
        this.scratchDescription = Dnnl.copyOfDescription(Dnnl.scratchpadOf(operation));
        this.scratchBytes = Dnnl.size(scratchDescription);
        Dnnl.destroyOperation(operation);
    }

    /** The operation over described inputs and outputs, or 0 where there is no implementation. */
    static long describe(SliceShape shape, long source, long target, long weightsDescription) {
        long bias = shape.isBiased() ? biases(shape) : 0;
        long attributes = Dnnl.attributes(shape.kind().isScaled());
        try {
            return Dnnl.tryMatmul(source, weightsDescription, bias, target, attributes);
        } finally {
            if (bias != 0) {
                Dnnl.destroyDescription(bias);
            }
            Dnnl.destroyAttributes(attributes);
        }
    }

    private long sources() {
        return Dnnl.matrix(shape.kind().inputCode(), numRows, shape.numInputs(), inputStride, 1);
    }

    private long targets() {
        return Dnnl.matrix(Dnnl.F32, numRows, shape.numOutputs(), outputStride, 1);
    }

    private static long biases(SliceShape shape) {
        return Dnnl.matrix(Dnnl.F32, 1, shape.numOutputs(), shape.numOutputs(), 1);
    }

    boolean fits(long newInputStride, long newOutputStride) {
        return inputStride == newInputStride && outputStride == newOutputStride;
    }

    /** Computes {@code numRows} rows of a slice; the addresses are those of the first row and of the slice. */
    void run(SliceWeights weights, long inputs, long outputs, ThreadBuffers buffers) {
        long scratch = scratchBytes == 0 ? 0 : buffers.scratch(scratchBytes).address();
        Call call = take();
        call.run(weights, inputs, outputs, scratch);
        giveBack(call);
    }

    private Call take() {
        for (int i = 0; i < KEPT_CALLS; i++) {
            Call call = idleCalls.getAcquire(i) == null ? null : idleCalls.getAndSet(i, null);
            if (call != null) {
                return call;
            }
        }
        return new Call();
    }

    private void giveBack(Call call) {
        for (int i = 0; i < KEPT_CALLS; i++) {
            if (idleCalls.compareAndSet(i, null, call)) {
                return;
            }
        }
        call.destroy();
    }

    /** One set of arguments. */
    private final class Call {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment arguments = arena.allocate(6 * Dnnl.EXEC_ARG_BYTES, 16);
        private final long source;
        private final long target;
        private final long packed;
        private final long bias;
        private final long scales;
        private final long scratchpad;
        private int numArguments;

        Call() {
            source = add(Dnnl.ARG_SRC, sources());
            target = add(Dnnl.ARG_DST, targets());
            packed = add(Dnnl.ARG_WEIGHTS, Dnnl.copyOfDescription(weightsDescription));
            bias = shape.isBiased() ? add(Dnnl.ARG_BIAS, biases(shape)) : 0;
            scales = shape.kind().isScaled()
                    ? add(Dnnl.ARG_WEIGHT_SCALES, Dnnl.row(Dnnl.F32, shape.numOutputs()))
                    : 0;
            scratchpad = scratchBytes == 0
                    ? 0
                    : add(Dnnl.ARG_SCRATCHPAD, Dnnl.copyOfDescription(scratchDescription));
        }

        private long add(int argument, long description) {
            long memory = Dnnl.memory(description, 0);
            Dnnl.destroyDescription(description);
            Dnnl.putArgument(arguments, numArguments++, argument, memory);
            return memory;
        }

        void run(SliceWeights weights, long inputAddress, long outputAddress, long scratchAddress) {
            Dnnl.point(source, inputAddress);
            Dnnl.point(target, outputAddress);
            Dnnl.point(packed, weights.packedAddress());
            if (bias != 0) {
                Dnnl.point(bias, weights.biasAddress());
            }
            if (scales != 0) {
                Dnnl.point(scales, weights.scalesAddress());
            }
            if (scratchpad != 0) {
                Dnnl.point(scratchpad, scratchAddress);
            }
            Dnnl.execute(primitive, numArguments, arguments.address());
        }

        void destroy() {
            for (long memory : new long[] {source, target, packed, bias, scales, scratchpad}) {
                if (memory != 0) {
                    Dnnl.destroyMemory(memory);
                }
            }
            arena.close();
        }
    }
}
