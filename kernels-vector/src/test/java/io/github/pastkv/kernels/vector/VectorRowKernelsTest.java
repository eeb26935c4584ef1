package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.testkit.kernels.RowKernelsContractTest;

class VectorRowKernelsTest extends RowKernelsContractTest {
    @Override
    protected Kernels kernels() {
        return new VectorKernels();
    }
}
