package io.github.pastkv.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.kernels.KernelsChoice;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("kernels")
class VectorKernelsProviderTest {
    /** Prints what is chosen, or why nothing is. */
    static final class Choose {
        static void main() {
            try {
                KernelsChoice choice = KernelsChoice.choose(null);
                System.out.println(choice.kernels().name() + ": " + choice.reason());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void choose_takesTheVectorKernels() {
        assertThat(KernelsChoice.choose(null).kernels()).isInstanceOf(VectorKernels.class);
        assertThat(KernelsChoice.choose("vector").kernels().name())
                .isEqualTo("vector (" + VectorWidth.bits() + " bit)");
        assertThat(KernelsChoice.choose("scalar").kernels().name()).isEqualTo("scalar");
    }

    @Test
    void choose_ofUnknownKernels_namesThoseThatThereAre() {
        assertThatIllegalStateException().isThrownBy(() -> KernelsChoice.choose("sse"))
                .withMessageContaining("sse").withMessageContaining("vector, scalar");
    }

    @Test
    void choose_whenNoWidthIsForced_takesThatOfTheMachine() {
        int bits = Math.min(FloatVector.SPECIES_PREFERRED.vectorBitSize(), 512);
        assertThat(ChildJvm.run(ChildJvm.VECTOR_API, Choose.class)).startsWith("vector (" + bits + " bit)");
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void choose_whenWidthIsForced_takesIt(int bits) {
        assertThat(inChild("-D" + VectorWidth.PROPERTY + "=" + bits)).startsWith("vector (" + bits + " bit)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"64", "1024", "wide", ""})
    void choose_whenForcedWidthIsWrong_isRefusedNamingTheWidths(String bits) {
        assertThat(inChild("-D" + VectorWidth.PROPERTY + "=" + bits))
                .isEqualTo(VectorWidth.PROPERTY + ": " + bits + ", must be 128, 256 or 512");
    }

    @Test
    void choose_withoutTheVectorApi_takesTheScalarKernelsAndSaysHowToMend() {
        assertThat(ChildJvm.run(List.of(), Choose.class)).startsWith("scalar: ")
                .contains("--add-modules jdk.incubator.vector");
    }

    @Test
    void choose_whenForcedWithoutTheVectorApi_isRefusedAndSaysHowToMend() {
        assertThat(ChildJvm.run(List.of("-D" + KernelsChoice.PROPERTY + "=vector"), Choose.class))
                .contains("vector").contains("--add-modules jdk.incubator.vector");
    }

    private static String inChild(String flag) {
        List<String> flags = new ArrayList<>(ChildJvm.VECTOR_API);
        flags.add(flag);
        return ChildJvm.run(flags, Choose.class);
    }
}
