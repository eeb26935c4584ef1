package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsProvider;
import io.github.pastkv.kernels.ScalarKernels;

/** Provides {@link VectorKernels} if the Vector API is present and the machine has vectors of at least 128 bits. */
public final class VectorKernelsProvider implements KernelsProvider {
    private static final int RANK = 100;

    /**
     * Probes the Vector API.
     *
     * @throws UnsupportedOperationException if it is missing, or vectors are too narrow
     */
    public VectorKernelsProvider() {
        try {
            VectorWidth.requireSupported();
        } catch (NoClassDefFoundError e) {
            // Without the cause: its message would hide this one.
            throw new UnsupportedOperationException(
                    "the Vector API is missing: start java with --add-modules jdk.incubator.vector");
        }
    }

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public int rank() {
        return RANK;
    }

    /**
     * The kernels.
     *
     * @throws IllegalStateException if {@code pastkv.kernels.vectorBits} asks for a width that there is not
     */
    @Override
    public Kernels create() {
        VectorWidth.bits();
        int firstCalls = Integer.getInteger(FirstCallsKernels.PROPERTY, 0);
        Kernels vector = new VectorKernels();
        return firstCalls > 0 ? new FirstCallsKernels(vector, new ScalarKernels(), firstCalls) : vector;
    }
}
