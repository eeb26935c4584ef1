package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.testkit.kernels.AttentionKernelsContractTest;

class VectorAttentionKernelsTest extends AttentionKernelsContractTest {
    @Override
    protected Kernels kernels() {
        return new VectorKernels();
    }
}
