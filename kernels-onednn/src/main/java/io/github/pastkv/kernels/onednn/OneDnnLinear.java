package io.github.pastkv.kernels.onednn;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Runs slices of a linear layer on the calling thread. Rows go through in blocks of {@link RowBlocks}; a slice stays in
 * the core's cache while they pass, so each weight is read from memory once. A single row is run as two equal ones,
 * because the library uses another kernel, with other bits, for one row; with integer weights it is run by
 * {@link Int8Row}.
 */
final class OneDnnLinear {
    /** Up to so many rows reading the weights takes longer than multiplying them. */
    private static final int MAX_ROWS_READ_AHEAD = 16;

    private OneDnnLinear() {}

    static void linear(Tensor x, OneDnnLinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        requireUsable(x, weights, y);
        int fromSlice = fromOutput / weights.outputGrain();
        int toSlice = Math.ceilDiv(toOutput, weights.outputGrain());
        Dnnl.useOneThread();
        if (numTokens == 1) {
            oneRow(x, weights, y, fromSlice, toSlice);
        } else {
            for (int slice = fromSlice; slice < toSlice; slice++) {
                if (numTokens <= MAX_ROWS_READ_AHEAD) {
                    weights.readAhead(slice, ThreadBuffers.ofThisThread());
                }
                rows(x, weights, y, numTokens, slice);
            }
        }
    }

    /** The library gets addresses, which are not checked after this. */
    private static void requireUsable(Tensor x, OneDnnLinearWeights weights, Tensor y) {
        if (!weights.isAlive() || !x.segment().scope().isAlive() || !y.segment().scope().isAlive()) {
            throw new IllegalStateException("linear layer: weights or activations are closed");
        }
        if (!x.segment().isNative() || !y.segment().isNative()) {
            throw new IllegalArgumentException("linear layer: activations must lie outside the heap");
        }
    }

    private static void rows(Tensor x, OneDnnLinearWeights weights, Tensor y, int numTokens, int slice) {
        ThreadBuffers buffers = ThreadBuffers.ofThisThread();
        SliceKernel kernel = weights.kernel(slice);
        long outputs = y.segment().address() + (long) slice * weights.outputGrain() * Float.BYTES;
        int done = 0;
        while (done < numTokens) {
            int size = RowBlocks.next(numTokens - done, numTokens);
            int first = Math.min(done, numTokens - size);
            kernel.matmul(size, x.stride(0), y.stride(0)).run(weights.slice(slice),
                    x.segment().address() + first * x.stride(0) * weights.inputType().bytes(),
                    outputs + first * y.stride(0) * Float.BYTES, buffers);
            done = first + size;
        }
    }

    private static void oneRow(Tensor x, OneDnnLinearWeights weights, Tensor y, int fromSlice, int toSlice) {
        if (weights.hasOwnRow()) {
            ownRow(x, weights, y, fromSlice, toSlice);
        } else {
            twoRows(x, weights, y, fromSlice, toSlice);
        }
    }

    /** Runs our own kernel, which gives the library's bits. */
    private static void ownRow(Tensor x, OneDnnLinearWeights weights, Tensor y, int fromSlice, int toSlice) {
        ThreadBuffers buffers = ThreadBuffers.ofThisThread();
        long wide = Int8Row.widen(x.segment(), 0, weights.numInputs(), buffers);
        for (int slice = fromSlice; slice < toSlice; slice++) {
            SliceKernel kernel = weights.kernel(slice);
            long offset = (long) slice * weights.outputGrain() * Float.BYTES;
            Int8Row.run(kernel, kernel.chainInputs().orElseThrow(), weights.slice(slice), wide,
                    y.segment().address() + offset, buffers);
        }
    }

    /** Runs the row twice, as the library would use another kernel for one row. */
    private static void twoRows(Tensor x, OneDnnLinearWeights weights, Tensor y, int fromSlice, int toSlice) {
        ThreadBuffers buffers = ThreadBuffers.ofThisThread();
        long inputBytes = (long) weights.numInputs() * weights.inputType().bytes();
        MemorySegment inputs = buffers.inputs(2 * inputBytes);
        MemorySegment.copy(x.segment(), 0, inputs, 0, inputBytes);
        MemorySegment.copy(x.segment(), 0, inputs, inputBytes, inputBytes);
        MemorySegment outputs = buffers.outputs(2L * weights.numOutputs() * Float.BYTES);
        for (int slice = fromSlice; slice < toSlice; slice++) {
            SliceKernel kernel = weights.kernel(slice);
            long offset = (long) slice * weights.outputGrain() * Float.BYTES;
            weights.readAhead(slice, buffers);
            kernel.matmul(2, weights.numInputs(), weights.numOutputs()).run(weights.slice(slice), inputs.address(),
                    outputs.address() + offset, buffers);
            MemorySegment.copy(outputs, offset, y.segment(), offset,
                    (long) kernel.shape().numOutputs() * Float.BYTES);
        }
    }
}
