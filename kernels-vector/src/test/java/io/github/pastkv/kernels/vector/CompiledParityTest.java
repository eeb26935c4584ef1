package io.github.pastkv.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.testkit.model.TestScale;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bits do not change when the JIT takes over. */
@Tag("kernels")
class CompiledParityTest {
    private static final int WARM_RUNS = TestScale.isNightly() ? 150 : 60;

    @Test
    void vectorKernels_interpretedAndCompiled_giveTheBitsOfTheScalarTwin() {
        int expected = EveryKernel.hash(new ScalarKernels());
        ChildJvm interpreted = startInterpreted();
        VectorKernels vector = new VectorKernels();
        for (int run = 0; run < WARM_RUNS; run++) {
            assertThat(EveryKernel.hash(vector)).as("run %d", run).isEqualTo(expected);
        }
        assertThat(interpreted.output()).isEqualTo(Integer.toString(expected));
    }

    private static ChildJvm startInterpreted() {
        List<String> flags = new ArrayList<>(ChildJvm.VECTOR_API);
        flags.add("-Xint");
        flags.add("-D" + VectorWidth.PROPERTY + "=" + VectorWidth.bits());
        return ChildJvm.start(flags, EveryKernel.class);
    }
}
