package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Linear layers in oneDNN. Everything else is delegated to other kernels, including linear layers that oneDNN cannot
 * compute from weights as stored (BF16 weights with F32 inputs) or with bits that are independent of the batch.
 *
 * <p>Results depend on the library version, instruction set and slicing, which form a separate numeric identity. Within
 * it a row does not depend on other rows, the range of outputs or the threads; {@link RowProof} verifies this when
 * weights are packed.
 */
final class OneDnnKernels extends DelegatingKernels {
    private static final System.Logger LOGGER = System.getLogger(OneDnnKernels.class.getName());

    private final Kernels others;
    private final String instructionSet;
    private final boolean isFastInBf16;

    /** Whether the library passed the self-test, for each precision tested so far. */
    private final Map<LinearPrecision, Boolean> passed = new ConcurrentHashMap<>();

    /**
     * Composes.
     *
     * @param others kernels for everything else
     * @param instructionSet for people
     * @param isFastInBf16 whether the machine multiplies BF16
     */
    OneDnnKernels(Kernels others, String instructionSet, boolean isFastInBf16) {
        super(others);
        this.others = others;
        this.instructionSet = instructionSet;
        this.isFastInBf16 = isFastInBf16;
        passed.put(mainPrecision(isFastInBf16), true);
    }

    /** The precision that the provider has tried already. */
    static LinearPrecision mainPrecision(boolean isFastInBf16) {
        return isFastInBf16 ? new LinearPrecision(ComputeType.BF16, WeightType.STORED) : LinearPrecision.PLAIN;
    }

    @Override
    public String name() {
        return ownName() + " + " + others.name();
    }

    private String ownName() {
        return "onednn " + Dnnl.version() + " (" + instructionSet + ")";
    }

    @Override
    public String linearName(LinearPrecision precision, DataType stored) {
        return NumberKind.of(precision, stored) != null && takes(precision) ? ownName()
                : others.linearName(precision, stored);
    }

    /** Precisions that the machine does not support, or that fail the self-test, are delegated. */
    private boolean takes(LinearPrecision precision) {
        boolean isKnown = precision.compute() == ComputeType.BF16
                ? isFastInBf16
                : precision.weights() == WeightType.STORED;
        return isKnown && passed.computeIfAbsent(precision, OneDnnKernels::passes);
    }

    private static boolean passes(LinearPrecision precision) {
        try {
            SelfTest.run(precision);
            return true;
        } catch (UnsupportedOperationException e) {
            LOGGER.log(System.Logger.Level.WARNING, "{0}; other kernels are used for this precision", e.getMessage());
            return false;
        }
    }

    @Override
    public String numericIdentity() {
        return others.numericIdentity() + "+onednn-" + Dnnl.version() + "-" + instructionSet + "-" + Slicing.IDENTITY;
    }

    @Override
    public ComputeType fastestForBf16() {
        return isFastInBf16 ? ComputeType.BF16 : others.fastestForBf16();
    }

    @Override
    public LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        LinearWeights weights = takes(precision) ? OneDnnLinearWeights.pack(parts, precision, arena) : null;
        return weights == null ? others.pack(parts, precision, arena) : weights;
    }

    @Override
    public void linear(Tensor x, LinearWeights weights, Tensor y, int numTokens, int fromOutput, int toOutput) {
        assert fromOutput % weights.outputGrain() == 0 : fromOutput;
        if (weights instanceof OneDnnLinearWeights packed) {
            OneDnnLinear.linear(x, packed, y, numTokens, fromOutput, toOutput);
        } else {
            others.linear(x, weights, y, numTokens, fromOutput, toOutput);
        }
    }
}
