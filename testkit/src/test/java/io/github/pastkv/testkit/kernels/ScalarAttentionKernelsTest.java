package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.ScalarKernels;

/** The specification passes the contract too: it writes its results alone, and does not see later tokens. */
class ScalarAttentionKernelsTest extends AttentionKernelsContractTest {
    @Override
    protected Kernels kernels() {
        return new ScalarKernels();
    }
}
