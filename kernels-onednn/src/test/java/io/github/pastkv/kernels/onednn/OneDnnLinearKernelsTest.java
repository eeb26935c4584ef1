package io.github.pastkv.kernels.onednn;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.testkit.kernels.LinearKernelsContractTest;
import org.junit.jupiter.api.BeforeEach;

/** Layers that oneDNN does not take are those of the vector kernels, and have the specified bits. */
class OneDnnLinearKernelsTest extends LinearKernelsContractTest {
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

    @Override
    protected boolean hasSpecifiedBits(LinearWeights weights) {
        return !(weights instanceof OneDnnLinearWeights);
    }
}
