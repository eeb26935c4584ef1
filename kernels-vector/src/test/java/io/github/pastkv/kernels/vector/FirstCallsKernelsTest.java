package io.github.pastkv.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernels")
class FirstCallsKernelsTest {
    @Test
    void anyNumberOfFirstCalls_givesTheBitsOfTheScalarTwin() {
        int expected = EveryKernel.hash(new ScalarKernels());
        for (int calls : new int[] {1, 4, 1000}) {
            Kernels kernels = new FirstCallsKernels(new VectorKernels(), new ScalarKernels(), calls);
            assertThat(EveryKernel.hash(kernels)).as("%d first calls", calls).isEqualTo(expected);
            assertThat(EveryKernel.hash(kernels)).as("after %d first calls", calls).isEqualTo(expected);
        }
    }

    @Test
    void smallCalls_goToTheScalarTwin_untilThereWereEnough() {
        Counting scalar = new Counting();
        Counting vector = new Counting();
        FirstCallsKernels kernels = new FirstCallsKernels(vector, scalar, 2);
        try (Arena arena = Arena.ofConfined()) {
            Tensor x = Tensor.allocate(arena, DataType.F32, 4, 8);
            kernels.add(x, x, 8, 0, 4);
            kernels.add(x, x, 1 << 20, 0, 4);
            kernels.add(x, x, 8, 0, 4);
            kernels.add(x, x, 8, 0, 4);
        }
        assertThat(scalar.numAdds).isEqualTo(2);
        assertThat(vector.numAdds).isEqualTo(2);
    }

    private static final class Counting extends DelegatingKernels {
        private int numAdds;

        private Counting() {
            super(new ScalarKernels());
        }

        @Override
        public void add(Tensor x, Tensor y, int width, int fromToken, int toToken) {
            numAdds++;
        }
    }
}
