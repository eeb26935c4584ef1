package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.model.Model;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels of one numeric identity give the same bits on whole models. */
@Tag("kernels")
@Tag("narrow")
@Tag("slow")
class KernelsEqualityTest {
    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#mechanisms")
    void allKernels_equalScalar_inEveryTypeAndPrecision(Subject subject) throws IOException {
        TestModel model = subject.model();
        for (KvType type : KvType.values()) {
            requireEqual(new Subject(model, KernelsUnderTest.SCALAR, type));
        }
        for (LinearPrecision precision : Subject.OTHER_PRECISIONS) {
            requireEqual(new Subject(model, KernelsUnderTest.SCALAR, KvType.F32, precision));
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#otherFamilies")
    void allKernels_equalScalar(Subject subject) throws IOException {
        requireEqual(new Subject(subject.model(), KernelsUnderTest.SCALAR, KvType.F32));
    }

    private static void requireEqual(Subject scalar) throws IOException {
        LogitRows expected = oneShot(scalar);
        assertThat(expected.numTokens()).isEqualTo(scalar.tokenIds().length);
        for (String kernels : kernelsOfOurIdentity()) {
            Subject subject = new Subject(scalar.model(), kernels, scalar.kvType(), scalar.precision());
            oneShot(subject).requireSameBits(subject.toString(), expected);
        }
    }

    private static List<String> kernelsOfOurIdentity() {
        return KernelsUnderTest.names().stream().filter(name -> KernelsChoice.choose(name).kernels().numericIdentity()
                .equals(ScalarKernels.NUMERIC_IDENTITY)).toList();
    }

    private static LogitRows oneShot(Subject subject) throws IOException {
        try (Model model = subject.load()) {
            return Paths.oneShot(model, subject.session(), subject.tokenIds());
        }
    }
}
