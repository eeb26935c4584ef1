package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.KernelsProvider;

/**
 * Provides {@link OneDnnKernels} if the library is present, the CPU has AVX-512 and the library passes the self-test.
 */
public final class OneDnnKernelsProvider implements KernelsProvider {
    private static final int RANK = 200;

    private final String instructionSet;
    private final boolean isFastInBf16;

    /**
     * Loads the library and tests it.
     *
     * @throws UnsupportedOperationException with the reason, if it cannot be used
     */
    public OneDnnKernelsProvider() {
        OneDnnLibrary.load();
        int bits = Dnnl.instructionSet();
        if (!has(bits, Dnnl.ISA_AVX512)) {
            throw new UnsupportedOperationException("oneDNN: this machine has no AVX-512");
        }
        isFastInBf16 = has(bits, Dnnl.ISA_AVX512_BF16);
        instructionSet = SelfTest.run(OneDnnKernels.mainPrecision(isFastInBf16));
    }

    private static boolean has(int bits, int instructionSet) {
        return (bits & instructionSet) == instructionSet;
    }

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public int rank() {
        return RANK;
    }

    /** The kernels, on top of the best other ones available. */
    @Override
    public Kernels create() {
        return new OneDnnKernels(KernelsChoice.bestBelow(RANK), instructionSet, isFastInBf16);
    }
}
