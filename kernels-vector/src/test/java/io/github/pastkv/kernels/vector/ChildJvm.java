package io.github.pastkv.kernels.vector;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A second JVM on the class path of this one. */
final class ChildJvm {
    static final List<String> VECTOR_API = List.of("--add-modules", "jdk.incubator.vector");

    private ChildJvm() {}

    /** What {@code main} prints on stdout; fails if it ends with an error. */
    static String run(List<String> flags, Class<?> main) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        try {
            Process process =
                    new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            int exitCode = process.waitFor();
            if (exitCode != 0) {
                throw new AssertionError("exit code " + exitCode + " of " + command + ": " + output);
            }
            return output.strip();
        } catch (IOException e) {
            throw new AssertionError("cannot run " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
