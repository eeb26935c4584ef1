package io.github.pastkv.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.tensor.Tensor;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a process logs that has no kernels but the scalar ones on its class path. */
class ScalarKernelsWarningTest {
    /** Chooses kernels twice, as two models would. */
    public static void main(String[] args) {
        System.out.println(KernelsChoice.choose(null).kernels().name() + " "
                + KernelsChoice.choose(null).kernels().name());
    }

    /** All that the process writes, with stderr, which is where the JDK's logger writes. */
    private static String output(String... flags) throws IOException, InterruptedException, URISyntaxException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC"));
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", classPath(), ScalarKernelsWarningTest.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static String classPath() throws URISyntaxException {
        List<Path> places = new ArrayList<>();
        for (Class<?> type : List.of(ScalarKernelsWarningTest.class, KernelsChoice.class, Tensor.class)) {
            places.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()));
        }
        return places.stream().distinct().map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void scalarKernelsByDefault_areLoggedOnce_withTheCure() throws Exception {
        String output = output();
        assertThat(output).contains("scalar scalar");
        assertThat(output.split("PastKV runs the scalar kernels, although faster ones exist: ", -1)).hasSize(2);
        assertThat(output).contains("add the dependency io.github.pastkv:pastkv,");
    }

    @Test
    void scalarKernelsOnRequest_areNotLogged() throws Exception {
        assertThat(output("-Dpastkv.kernels=scalar").strip()).isEqualTo("scalar scalar");
    }
}
