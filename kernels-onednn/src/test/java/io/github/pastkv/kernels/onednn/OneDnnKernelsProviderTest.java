package io.github.pastkv.kernels.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.weights.LinearPrecision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernels")
class OneDnnKernelsProviderTest {
    /** Prints what is chosen, or why nothing is. */
    static final class Choose {
        static void main(String[] args) {
            try {
                KernelsChoice choice = KernelsChoice.choose(args.length == 0 ? null : args[0]);
                System.out.println(choice.kernels().name() + ": " + choice.reason());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void choose_whereItCanBeHad_takesItAndSaysOverWhat() throws Exception {
        assumeTrue(OneDnnHere.isUsable(), OneDnnHere.reason());
        assertThat(run(Map.of(), List.of(), ownClassPath())).startsWith("onednn 3.11.0 (avx").contains("+ vector (");
        assertThat(KernelsChoice.choose("onednn").kernels().numericIdentity()).contains("onednn-3.11.0-avx")
                .contains(Slicing.IDENTITY);
        assertThat(KernelsChoice.choose("vector").kernels().name()).startsWith("vector");
    }

    @Test
    void choose_withoutTheLibrary_takesTheVectorKernelsAndSaysHowToMend() throws Exception {
        String classPath = Arrays.stream(ownClassPath().split(":")).filter(entry -> !entry.contains("dnnl"))
                .collect(Collectors.joining(":"));
        assertThat(run(Map.of(), List.of(), classPath)).startsWith("vector (").contains("org.bytedeco:dnnl")
                .contains(OneDnnLibrary.FOLDER_PROPERTY);
        assertThat(run(Map.of(), List.of("onednn"), classPath)).startsWith("kernels: onednn are not available")
                .contains("org.bytedeco:dnnl");
    }

    @Test
    void choose_withoutAvx512_takesTheVectorKernels() throws Exception {
        assumeTrue(OneDnnHere.isUsable(), OneDnnHere.reason());
        assertThat(run(Map.of("ONEDNN_MAX_CPU_ISA", "AVX2"), List.of(), ownClassPath())).startsWith("vector (")
                .contains("no AVX-512");
    }

    @Test
    void choose_whenTheFolderIsWrong_saysSo(@TempDir Path folder) throws Exception {
        assertThat(run(Map.of(), List.of(), ownClassPath(), "-D" + OneDnnLibrary.FOLDER_PROPERTY + "=" + folder))
                .startsWith("vector (").contains(folder + "/libdnnl.so.3");
    }

    @Test
    void load_leavesNoFileBehind(@TempDir Path folder) throws Exception {
        assumeTrue(OneDnnHere.isUsable(), OneDnnHere.reason());
        assertThat(run(Map.of(), List.of(), ownClassPath(), "-Djava.io.tmpdir=" + folder)).startsWith("onednn");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.filter(file -> !file.getFileName().toString().startsWith("hsperf"))).isEmpty();
        }
    }

    @Test
    void slices_areEvenWhereTheyCanBe() {
        assertThat(Slicing.outputsPerSlice(576, 960)).isEqualTo(480);
        assertThat(Slicing.outputsPerSlice(576, 3072)).isEqualTo(384);
        assertThat(Slicing.outputsPerSlice(576, 49152)).isEqualTo(384);
        assertThat(Slicing.outputsPerSlice(768, 50257)).isEqualTo(256);
        assertThat(Slicing.outputsPerSlice(1536, 576)).isEqualTo(288);
        assertThat(Slicing.outputsPerSlice(2048, 3072)).isEqualTo(192);
        assertThat(Slicing.outputsPerSlice(8192, 2048)).isEqualTo(64);
        assertThat(Slicing.outputsPerSlice(2048, 128256)).isEqualTo(128);
        assertThat(Slicing.outputsPerSlice(48, 64)).isEqualTo(64);
        assertThat(Slicing.outputsPerSlice(48, 70)).isEqualTo(64);
        assertThat(LinearPrecision.PLAIN.toString()).isEqualTo("f32");
    }

    private static String ownClassPath() {
        return System.getProperty("java.class.path");
    }

    private static String run(Map<String, String> environment, List<String> arguments, String classPath,
            String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", classPath, Choose.class.getName()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code of %s: %s", command, output).isZero();
        return output.strip();
    }
}
