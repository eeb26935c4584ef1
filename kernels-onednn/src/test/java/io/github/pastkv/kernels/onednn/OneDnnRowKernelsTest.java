package io.github.pastkv.kernels.onednn;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.testkit.kernels.RowKernelsContractTest;
import org.junit.jupiter.api.BeforeEach;

/** All but linear layers is forwarded to other kernels, and has the specified bits. */
class OneDnnRowKernelsTest extends RowKernelsContractTest {
    private Kernels kernels;

    @BeforeEach
    void choose() {
        assumeTrue(OneDnnHere.isUsable(), OneDnnHere.reason());
        kernels = new OneDnnKernelsProvider().create();
    }

    @Override
    protected Kernels kernels() {
        return kernels;
    }
}
