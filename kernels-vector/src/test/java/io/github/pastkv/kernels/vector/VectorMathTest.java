package io.github.pastkv.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.ScalarMath;
import io.github.pastkv.kernels.Xielu;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernels")
class VectorMathTest {
    /** Odd, so that all exponents, signs and low bits occur. */
    private static final int STEP = 1009;

    @FunctionalInterface
    private interface FloatFunction {
        float of(float x);
    }

    @Test
    void exp_ofAllKindsOfFloats_givesTheBitsOfTheScalarTwin() {
        compare(VectorMath::exp, ScalarMath::exp);
    }

    @Test
    void silu_ofAllKindsOfFloats_givesTheBitsOfTheScalarTwin() {
        compare(VectorMath::silu, ScalarMath::silu);
    }

    @Test
    void geluTanh_ofAllKindsOfFloats_givesTheBitsOfTheScalarTwin() {
        compare(VectorMath::geluTanh, ScalarMath::geluTanh);
    }

    @Test
    void tanhErfGeluAndSoftCap_ofAllKindsOfFloats_giveTheBitsOfTheScalarTwins() {
        compare(VectorMath::tanh, ScalarMath::tanh);
        compare(VectorMath::erf, ScalarMath::erf);
        compare(VectorMath::gelu, ScalarMath::gelu);
        compare(OnVectors.softCap(30f), x -> ScalarMath.softCap(x, 30f));
    }

    @Test
    void xielu_ofAllKindsOfFloats_givesTheBitsOfTheScalarTwin() {
        Xielu xielu = new Xielu(0.83f, 0.91f, 0.5f, -1e-6f);
        compare(OnVectors.xielu(xielu), xielu::of);
    }

    @Test
    void widenF16_ofAllHalves_givesTheSameNumbers() {
        for (int bits = 0; bits < 1 << 16; bits += Lanes.COUNT) {
            int from = bits;
            int[] halves = new int[Lanes.COUNT];
            java.util.Arrays.setAll(halves, lane -> from + lane);
            float[] actual = new float[Lanes.COUNT];
            // Garbage above must not matter: pairs are widened without clearing the upper half first.
            Lanes.widenF16(IntVector.fromArray(Lanes.INTS, halves, 0).or(0xABCD_0000)).intoArray(actual, 0);
            for (int lane = 0; lane < Lanes.COUNT; lane++) {
                assertSameBits(actual[lane], Float.float16ToFloat((short) (from + lane)), from + lane);
            }
        }
    }

    /**
     * Apart from the test, whose methods Surefire looks at in Maven's JVM: that has no incubator modules, and a lambda
     * is a method with its parameters.
     */
    private static final class OnVectors {
        static UnaryOperator<FloatVector> softCap(float cap) {
            return x -> VectorMath.softCap(x, cap);
        }

        static UnaryOperator<FloatVector> xielu(Xielu xielu) {
            return x -> VectorMath.xielu(x, xielu);
        }
    }

    private static void compare(UnaryOperator<FloatVector> vector, FloatFunction scalar) {
        float[] x = new float[Lanes.COUNT];
        float[] actual = new float[Lanes.COUNT];
        for (long bits = 0; bits < 1L << 32; bits += (long) STEP * Lanes.COUNT) {
            for (int lane = 0; lane < Lanes.COUNT; lane++) {
                x[lane] = Float.intBitsToFloat((int) (bits + (long) STEP * lane));
            }
            vector.apply(FloatVector.fromArray(Lanes.FLOATS, x, 0)).intoArray(actual, 0);
            for (int lane = 0; lane < Lanes.COUNT; lane++) {
                assertSameBits(actual[lane], scalar.of(x[lane]), x[lane]);
            }
        }
    }

    private static void assertSameBits(float actual, float expected, float x) {
        if (Float.floatToIntBits(actual) != Float.floatToIntBits(expected)) {
            assertThat(actual).as("of %s", x).isEqualTo(expected);
        }
    }
}
