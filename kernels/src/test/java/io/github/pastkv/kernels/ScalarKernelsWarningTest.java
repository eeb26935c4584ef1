package io.github.pastkv.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.tensor.Tensor;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Logger;
import org.slf4j.helpers.NOPLoggerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/** What a process logs that has no kernels but the scalar ones on its class path. */
class ScalarKernelsWarningTest {
    /** Chooses kernels twice, as two models would. */
    public static void main(String[] args) {
        System.out.println(KernelsChoice.choose(null).kernels().name() + " "
                + KernelsChoice.choose(null).kernels().name());
    }

    /** Prints warnings with a word before them. */
    public static class PrintingProvider implements SLF4JServiceProvider {
        @Override
        public ILoggerFactory getLoggerFactory() {
            return name -> (Logger) Proxy.newProxyInstance(Logger.class.getClassLoader(), new Class<?>[] {Logger.class},
                    (_, method, arguments) -> {
                        System.out.println("SLF4J " + method.getName() + " " + name + ": " + arguments[0]);
                        return null;
                    });
        }

        @Override
        public @Nullable IMarkerFactory getMarkerFactory() {
            return null;
        }

        @Override
        public MDCAdapter getMDCAdapter() {
            return new NOPMDCAdapter();
        }

        @Override
        public String getRequestedApiVersion() {
            return "2.0.99";
        }

        @Override
        public void initialize() {}
    }

    /** Drops everything, as slf4j-nop does. */
    public static final class DroppingProvider extends PrintingProvider {
        @Override
        public ILoggerFactory getLoggerFactory() {
            return new NOPLoggerFactory();
        }
    }

    @TempDir private Path folder;

    /** All that the process writes where SLF4J is on the class path. */
    private String outputWithSlf4j(@Nullable Class<?> provider) throws Exception {
        if (provider != null) {
            Files.writeString(Files.createDirectories(folder.resolve("META-INF/services"))
                    .resolve(SLF4JServiceProvider.class.getName()), provider.getName());
        }
        return outputOf(List.of(), classPath(Logger.class) + File.pathSeparator + folder);
    }

    /** All that the process writes, with stderr, which is where the JDK's logger writes. */
    private static String output(String... flags) throws Exception {
        return outputOf(List.of(flags), classPath());
    }

    private static String outputOf(List<String> flags, String classPath) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC"));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, ScalarKernelsWarningTest.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static String classPath(Class<?>... more) throws URISyntaxException {
        List<Path> places = new ArrayList<>();
        List<Class<?>> types =
                new ArrayList<>(List.of(ScalarKernelsWarningTest.class, KernelsChoice.class, Tensor.class));
        types.addAll(List.of(more));
        for (Class<?> type : types) {
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

    @Test
    void missingNativeAccess_isInTheSameLine() throws Exception {
        String flag = "PastKV reads memory in smaller pieces, as it has no native access: start java with "
                + "--enable-native-access=ALL-UNNAMED";
        assertThat(output().lines().filter(line -> line.contains("PastKV"))).singleElement().asString()
                .contains("; " + flag);
        assertThat(output("--enable-native-access=ALL-UNNAMED")).contains("PastKV runs the scalar kernels")
                .doesNotContain(flag);
    }

    @Test
    void slf4j_getsTheLine_whereItHasAProvider() throws Exception {
        assertThat(outputWithSlf4j(PrintingProvider.class).lines().filter(line -> line.contains("PastKV")))
                .singleElement().asString()
                .startsWith("SLF4J warn io.github.pastkv.kernels.KernelsChoice: PastKV runs the scalar kernels");
    }

    @Test
    void slf4j_withoutAProvider_printsNothingOfItsOwn() throws Exception {
        assertThat(outputWithSlf4j(null)).contains("PastKV runs the scalar kernels").doesNotContain("SLF4J");
    }

    @Test
    void slf4j_thatDropsEverything_doesNotDropTheLine() throws Exception {
        assertThat(outputWithSlf4j(DroppingProvider.class)).contains("PastKV runs the scalar kernels");
    }
}
