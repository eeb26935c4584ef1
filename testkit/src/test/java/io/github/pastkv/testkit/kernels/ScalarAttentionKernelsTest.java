package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.ScalarKernels;

/** The specification passes the contract too: its results are near exact ones, and do not depend on the division. */
class ScalarAttentionKernelsTest extends AttentionKernelsContractTest {
    @Override
    protected Kernels kernels() {
        return new ScalarKernels();
    }
}
