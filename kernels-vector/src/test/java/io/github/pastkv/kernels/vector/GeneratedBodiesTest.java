package io.github.pastkv.kernels.vector;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed bodies are those that their templates give. */
class GeneratedBodiesTest {
    private static final Path TOOLS = Path.of("../tools/kernels");
    private static final Path SOURCES = Path.of("src/main/java/io/github/pastkv/kernels/vector");

    @TempDir Path folder;

    @Test
    void generate_givesTheCommittedSources() throws Exception {
        generate();
        List<String> generated = names(folder);
        assertThat(generated).isEqualTo(names(TOOLS.resolve("templates"))).isNotEmpty();
        for (String name : generated) {
            assertThat(SOURCES.resolve(name)).as("run: java tools/kernels/GenerateKernels.java")
                    .hasSameBinaryContentAs(folder.resolve(name));
        }
    }

    private void generate() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dpastkv.tools.kernels=" + TOOLS, TOOLS.resolve("GenerateKernels.java").toString(), folder.toString())
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
