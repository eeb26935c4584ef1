package io.github.pastkv.kernels.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The panel kernel against the loops that it stands for. */
@Tag("kernels")
class Int8PanelsTest {
    private final Random random = new Random(41);

    @ParameterizedTest(name = "{0} inputs in chains of {1}")
    @CsvSource({"2, 2", "6, 4", "64, 2147483646", "70, 64", "576, 512", "1026, 1024", "2050, 512"})
    void sums_areThoseOfOneChainAfterAnother(int numInputs, int chainInputs) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment panel = arena.allocate((long) numInputs / 2 * Int8Panels.PAIR_BYTES, 64);
            byte[] weights = new byte[Math.toIntExact(panel.byteSize())];
            random.nextBytes(weights);
            MemorySegment.copy(weights, 0, panel, ValueLayout.JAVA_BYTE, 0, weights.length);
            float[] x = new float[numInputs];
            for (int i = 0; i < numInputs; i++) {
                x[i] = (float) random.nextGaussian();
            }
            MemorySegment inputs = arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
            MemorySegment sums = arena.allocate(Int8Panels.PANEL_OUTPUTS * 4L, 64);
            Int8Panels.sums(panel.address(), inputs.address(), numInputs, chainInputs, sums.address());
            for (int output = 0; output < Int8Panels.PANEL_OUTPUTS; output++) {
                assertThat(sums.getAtIndex(ValueLayout.JAVA_FLOAT, output)).as("output %d", output)
                        .isEqualTo(sum(weights, x, output, chainInputs));
            }
        }
    }

    /** Of each two inputs the second first; chains from zero, added up. */
    private static float sum(byte[] panel, float[] x, int output, int chainInputs) {
        float sum = 0;
        float chain = 0;
        for (int input = 0; input < x.length; input += 2) {
            if (input > 0 && input % chainInputs == 0) {
                sum += chain;
                chain = 0;
            }
            int pair = input / 2 * Int8Panels.PAIR_BYTES + 2 * output;
            chain = Math.fma(x[input + 1], panel[pair + 1], chain);
            chain = Math.fma(x[input], panel[pair], chain);
        }
        return sum + chain;
    }

    @Test
    void finish_scalesAndAdds_andWritesNothingBeyond() {
        try (Arena arena = Arena.ofConfined()) {
            float[] numbers = new float[64];
            for (int i = 0; i < 64; i++) {
                numbers[i] = (float) random.nextGaussian();
            }
            MemorySegment sums = arena.allocateFrom(ValueLayout.JAVA_FLOAT, numbers);
            MemorySegment target = arena.allocate(65 * 4L, 64);
            for (int numOutputs : new int[] {1, 15, 16, 17, 63, 64}) {
                for (boolean isBiased : new boolean[] {false, true}) {
                    target.fill((byte) 7);
                    Int8Panels.finish(sums.address(), sums.address(), isBiased ? sums.address() : 0, numOutputs,
                            target.address());
                    for (int i = 0; i < 65; i++) {
                        float scaled = i < 64 ? numbers[i] * numbers[i] : 0;
                        float expected = isBiased ? scaled + numbers[i % 64] : scaled;
                        float actual = target.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                        assertThat(actual).isEqualTo(i < numOutputs ? expected : Float.intBitsToFloat(0x07070707));
                    }
                }
            }
        }
    }

    /** Other machines may have kernels with other orders; there the library does the row. */
    @Test
    void order_isFoundForTheInstructionSetThatItWasReadFrom() {
        assumeTrue(OneDnnHere.isUsable(), OneDnnHere.reason());
        for (int[] shape : new int[][] {{1, 1}, {67, 130}, {576, 192}, {1024, 100}, {1536, 64}, {8192, 31}}) {
            SliceKernel kernel =
                    SliceKernels.find(new SliceShape(NumberKind.INT8, shape[0], shape[1], shape[1], true));
            String here = kernel == null ? "no kernel" : kernel.implementation();
            assumeTrue(here.equals("brg_matmul:avx512_core_bf16"),
                    () -> "the order was read from brg_matmul:avx512_core_bf16, oneDNN has " + here + " here");
            assertThat(kernel.chainInputs()).as("%d inputs", shape[0]).isPresent();
        }
        SliceKernel floats = SliceKernels.find(new SliceShape(NumberKind.BF16, 64, 64, 64, false));
        assertThat(floats == null || floats.chainInputs().isEmpty()).isTrue();
    }
}
