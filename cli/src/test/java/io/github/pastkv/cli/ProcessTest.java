package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own shows: signals, pipes and the encoding of its streams. */
class ProcessTest {
    private static final String[] LONG_STORY = {"generate", "Once upon a time", "--max-new-tokens", "100000",
        "--ignore-eos"};
    private static final int SIGINT_BIT = 1 << 1;

    /** Only what never ends takes so long, on any machine. */
    private static final int MAX_MINUTES = 10;

    @TempDir Path folder;

    private Process start(String... args) throws IOException {
        return builder(args).start();
    }

    private ProcessBuilder builder(String... args) {
        List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
                        "-Dpastkv.kernels=scalar", // need no compiler to be fast
                        "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectError(folder.resolve("err").toFile());
    }

    private String err() throws IOException {
        return CommandRun.withoutProgress(Files.readString(folder.resolve("err")));
    }

    private static int exitCode(Process process) throws InterruptedException {
        boolean ended = process.waitFor(MAX_MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly();
        assertThat(ended).isTrue();
        return process.exitValue();
    }

    @Test
    void interruption_printsTheClosingLine_andExitsWith130() throws Exception {
        Process process = start(LONG_STORY);
        assertThat(process.getInputStream().readNBytes(40)).hasSize(40);
        // A process whose parent ignores SIGINT ignores it too: then SIGTERM shows the same.
        boolean isIntIgnored = isIntIgnored();
        new ProcessBuilder("kill", isIntIgnored ? "-TERM" : "-INT", String.valueOf(process.pid())).start().waitFor();
        String rest = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(exitCode(process)).isEqualTo(isIntIgnored ? 143 : 130);
        assertThat(rest).endsWith("\n");
        assertThat(err()).startsWith("4 prompt tokens, ").endsWith(", ended by interruption\n").hasLineCount(1);
    }

    private static boolean isIntIgnored() throws IOException {
        String mask = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn:")).map(line -> line.substring(7).strip())
                .collect(Collectors.joining());
        return (Long.parseUnsignedLong(mask, 16) & SIGINT_BIT) != 0;
    }

    @Test
    void closedPipe_endsItQuietly() throws Exception {
        Process process = start(LONG_STORY);
        assertThat(process.getInputStream().readNBytes(40)).hasSize(40);
        process.getInputStream().close();
        assertThat(exitCode(process)).isZero();
        assertThat(err()).isEmpty();
    }

    @Test
    void textFromStandardInput_isUtf8WhateverTheLocale() throws Exception {
        Process process = start("generate", "-", "--max-new-tokens", "1");
        process.getOutputStream().write("Grüße 世界\n".getBytes(UTF_8));
        process.getOutputStream().close();
        assertThat(new String(process.getInputStream().readAllBytes(), UTF_8)).startsWith("Grüße 世界");
        assertThat(exitCode(process)).isZero();
    }

    @Test
    void failure_setsTheExitCode() throws Exception {
        Process process = start("inspect", "--model", "./nowhere");
        assertThat(process.getInputStream().readAllBytes()).isEmpty();
        assertThat(exitCode(process)).isEqualTo(1);
        assertThat(err()).isEqualTo("pastkv: ./nowhere: no such file or folder\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"generate a --max-new-tokens 2", "generate --tokens 1,2 --max-new-tokens 2 --json",
        "inspect", "inspect --hooks", "lens --color never a", "--help", "--version", "help"})
    void fullDisk_isAnErrorForEveryStream(String command) throws Exception {
        Process out = builder(command.split(" ")).redirectOutput(new File("/dev/full")).start();
        assertThat(exitCode(out)).isEqualTo(1);
        assertThat(err()).endsWith("pastkv: standard output: No space left on device\n");
    }

    @Test
    void fullDisk_ofMessages_setsTheExitCode() throws Exception {
        Process process =
                builder("generate", "a", "--max-new-tokens", "2").redirectError(new File("/dev/full")).start();
        assertThat(process.getInputStream().readAllBytes()).isNotEmpty();
        assertThat(exitCode(process)).isEqualTo(1);
    }
}
