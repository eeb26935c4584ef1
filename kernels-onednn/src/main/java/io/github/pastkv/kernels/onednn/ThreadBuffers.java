package io.github.pastkv.kernels.onednn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Scratch memory of one thread, used within one call; it grows and never shrinks. */
final class ThreadBuffers {
    private static final ThreadLocal<ThreadBuffers> OF_THREAD = ThreadLocal.withInitial(ThreadBuffers::new);
    private static final long ALIGNMENT = 4096;

    private MemorySegment scratch = MemorySegment.NULL;
    private MemorySegment inputs = MemorySegment.NULL;
    private MemorySegment outputs = MemorySegment.NULL;
    private MemorySegment rows = MemorySegment.NULL;
    /** Of what was read ahead: so that the JIT keeps the reads. */
    @SuppressWarnings("UnusedVariable") private long sum;

    private ThreadBuffers() {}

    static ThreadBuffers ofThisThread() {
        return OF_THREAD.get();
    }

    /** What the library computes in. */
    MemorySegment scratch(long bytes) {
        if (scratch.byteSize() < bytes) {
            scratch = allocate(bytes);
        }
        return scratch;
    }

    /** Two rows of inputs, for one row that is run as two. */
    MemorySegment inputs(long bytes) {
        if (inputs.byteSize() < bytes) {
            inputs = allocate(bytes);
        }
        return inputs;
    }

    /** Two rows of outputs. */
    MemorySegment outputs(long bytes) {
        if (outputs.byteSize() < bytes) {
            outputs = allocate(bytes);
        }
        return outputs;
    }

    /** Rows of weights on their way into a slice. */
    MemorySegment rows(long bytes) {
        if (rows.byteSize() < bytes) {
            rows = allocate(bytes);
        }
        return rows;
    }

    /** Consumes values that were read for prefetching only. */
    void note(long read) {
        sum += read;
    }

    private static MemorySegment allocate(long bytes) {
        return Arena.ofAuto().allocate(bytes, ALIGNMENT);
    }
}
