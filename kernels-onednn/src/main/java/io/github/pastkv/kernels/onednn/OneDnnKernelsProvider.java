package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.KernelsProvider;

/**
 * Offers {@link OneDnnKernels} where the library is there, the machine has AVX-512 and the library computes what the
 * scalar kernels compute.
 */
public final class OneDnnKernelsProvider implements KernelsProvider {
    private static final int RANK = 200;

    private final String instructionSet;
    private final boolean isFastInBf16;

    /**
     * Loads the library and tries it.
     *
     * @throws UnsupportedOperationException with the reason where it cannot be used
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

    /** The kernels, over the best others that there are. */
    @Override
    public Kernels create() {
        return new OneDnnKernels(KernelsChoice.bestBelow(RANK), instructionSet, isFastInBf16);
    }
}
