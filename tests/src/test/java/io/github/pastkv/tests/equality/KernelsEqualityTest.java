package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.model.Model;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.TestScale;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels of one numeric identity give the same bits on whole models. */
@Tag("kernels")
@Tag("narrow")
@Tag("slow")
class KernelsEqualityTest {
    /**
     * Each model plain, and in half of the other types and precisions: the other half in the run with narrower vectors,
     * all in both at night.
     */
    static Stream<Subject> inTypesAndPrecisions() {
        List<TestModel> models = Subject.mechanisms().map(Subject::model).toList();
        int shift = KernelsUnderTest.isWidthForced() ? 1 : 0;
        return IntStream.range(0, models.size()).boxed().flatMap(number -> {
            TestModel model = models.get(number);
            Stream<Subject> others = TestScale.everyOther(otherTypes(model), number + shift).stream();
            return Stream.concat(Stream.of(new Subject(model, KernelsUnderTest.SCALAR, KvType.F32)), others);
        });
    }

    private static List<Subject> otherTypes(TestModel model) {
        Stream<Subject> types = Stream.of(KvType.F16, KvType.BF16, KvType.Q8)
                .map(type -> new Subject(model, KernelsUnderTest.SCALAR, type));
        Stream<Subject> precisions = Subject.OTHER_PRECISIONS.stream()
                .map(precision -> new Subject(model, KernelsUnderTest.SCALAR, KvType.F32, precision));
        return Stream.concat(types, precisions).toList();
    }

    @ParameterizedTest
    @MethodSource("inTypesAndPrecisions")
    void allKernels_equalScalar_inTypesAndPrecisions(Subject scalar) throws IOException {
        requireEqual(scalar);
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
