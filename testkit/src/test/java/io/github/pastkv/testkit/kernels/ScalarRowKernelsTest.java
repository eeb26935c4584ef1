package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.ScalarKernels;

/** The specification passes the contract too: its results do not depend on how rows and ranges are divided. */
class ScalarRowKernelsTest extends RowKernelsContractTest {
    @Override
    protected Kernels kernels() {
        return new ScalarKernels();
    }
}
