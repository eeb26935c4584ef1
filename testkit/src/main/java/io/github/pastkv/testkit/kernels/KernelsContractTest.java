package io.github.pastkv.testkit.kernels;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.ScalarKernels;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/**
 * Base of the contract tests of {@link Kernels}: {@link RowKernelsContractTest}, {@link LinearKernelsContractTest} and
 * {@link AttentionKernelsContractTest}. Where the numeric identity is that of the scalar kernels, bits are compared
 * with theirs; where it is another, results must be near, and equal however they are cut into rows and ranges.
 */
@Tag("kernels")
public abstract class KernelsContractTest {
    /** The specification. */
    protected final Kernels scalar = new ScalarKernels();

    protected final RandomGenerator random = new SplittableRandom(20253);
    /** Closed after each test; shared, as some tests read it on several threads. */
    protected Arena arena = Arena.ofShared();

    /** The kernels under test. */
    protected abstract Kernels kernels();

    /** Whether the kernels under test are those that the others are compared with. */
    protected boolean isSpecification() {
        return kernels() instanceof ScalarKernels;
    }

    /** Whether layers packed so give the bits of the scalar kernels. */
    protected boolean hasSpecifiedBits(LinearWeights weights) {
        return true;
    }

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    /** Gives back what was taken so far, in tests of many cases. */
    protected void freeBetweenCases() {
        arena.close();
        arena = Arena.ofShared();
    }
}
