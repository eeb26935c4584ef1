package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A logit does not depend on the JIT: interpreted, cold and warm runs give the same bits. CompiledParityTest in
 * kernels-vector compares the same for each kernel at each width of vectors.
 */
@Tag("slow")
class CompilationEqualityTest {
    private static final int WARM_UP_STEPS = 1000;
    private static final int STEPS_BETWEEN_LOOKS = 100;

    static Stream<String> kernels() {
        return KernelsUnderTest.names().stream();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void interpretedAndCold_equalWarm(String kernels) throws IOException, InterruptedException {
        Subject subject = LogitsDigest.subject(kernels);
        String warm;
        try (Model model = subject.load()) {
            warmUp(subject, model);
            warm = LogitsDigest.ofChunks(subject, model);
        }
        assertThat(digestOfNewJvm(kernels, "-Xint")).as("interpreted").isEqualTo(warm);
        assertThat(digestOfNewJvm(kernels, "-XX:+TieredCompilation")).as("cold").isEqualTo(warm);
    }

    /** Steps of one token, far beyond the thresholds of the compilers; the bits stay those of the first step. */
    private static void warmUp(Subject subject, Model model) {
        int[] tokenIds = subject.tokenIds();
        LogitRows first = Paths.oneShot(model, subject.session(), tokenIds);
        try (Session session = model.newSession(subject.session())) {
            for (int step = 0; step < WARM_UP_STEPS; step++) {
                int position = step % tokenIds.length;
                if (position == 0) {
                    session.reset();
                }
                LogitRows logits = LogitRows.of(session.append(tokenIds[position]));
                if (step % STEPS_BETWEEN_LOOKS == 0) {
                    logits.requireSameBits("step " + step, first.slice(position, position + 1));
                }
            }
        }
    }

    private static String digestOfNewJvm(String kernels, String jvmFlag) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(jvmFlag, "--add-modules", "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED"));
        String vectorBits = System.getProperty(KernelsUnderTest.VECTOR_BITS_PROPERTY);
        if (vectorBits != null) {
            command.add("-D" + KernelsUnderTest.VECTOR_BITS_PROPERTY + "=" + vectorBits);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), LogitsDigest.class.getName(), kernels));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code of %s", command).isZero();
        return output.strip();
    }
}
