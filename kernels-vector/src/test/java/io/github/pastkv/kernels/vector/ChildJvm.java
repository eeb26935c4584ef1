package io.github.pastkv.kernels.vector;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A second JVM on the class path of this one. */
final class ChildJvm {
    static final List<String> VECTOR_API = List.of("--add-modules", "jdk.incubator.vector");

    private final List<String> command = new ArrayList<>();
    private final Process process;

    private ChildJvm(List<String> flags, Class<?> main) {
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new AssertionError("cannot run " + command, e);
        }
    }

    /** Starts {@code main}; it runs beside this JVM. */
    static ChildJvm start(List<String> flags, Class<?> main) {
        return new ChildJvm(flags, main);
    }

    /** What {@code main} prints on stdout; fails if it ends with an error. */
    static String run(List<String> flags, Class<?> main) {
        return start(flags, main).output();
    }

    /** Waits for what {@code main} prints on stdout; fails if it ends with an error. */
    String output() {
        try {
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            int exitCode = process.waitFor();
            if (exitCode != 0) {
                throw new AssertionError("exit code " + exitCode + " of " + command + ": " + output);
            }
            return output.strip();
        } catch (IOException e) {
            throw new AssertionError("cannot read the output of " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
