package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.testkit.kernels.LinearKernelsContractTest;

class VectorLinearKernelsTest extends LinearKernelsContractTest {
    @Override
    protected Kernels kernels() {
        return new VectorKernels();
    }
}
