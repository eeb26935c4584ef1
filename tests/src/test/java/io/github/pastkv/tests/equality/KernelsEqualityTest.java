package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.model.Model;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels of one numeric identity give a model the same bits. */
@Tag("kernels")
class KernelsEqualityTest {
    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.TestModel#all")
    void allKernels_equalScalar(TestModel testModel) throws IOException {
        for (DataType type : DataType.values()) {
            LogitRows scalar = oneShot(new Subject(testModel, "scalar", type));
            assertThat(scalar.numTokens()).isEqualTo(testModel.tokenIds().length);
            for (String kernels : KernelsUnderTest.names()) {
                Subject subject = new Subject(testModel, kernels, type);
                oneShot(subject).requireSameBits(subject.toString(), scalar);
            }
        }
    }

    private static LogitRows oneShot(Subject subject) throws IOException {
        try (Model model = subject.load()) {
            return Paths.oneShot(model, subject.session(), subject.tokenIds());
        }
    }
}
