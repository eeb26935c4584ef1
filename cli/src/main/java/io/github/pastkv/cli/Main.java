package io.github.pastkv.cli;

import io.github.pastkv.cli.io.Streams;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine;

/** The entry point of the pastkv command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Streams streams = Streams.ofProcess();
        int exitCode = run(streams, args);
        System.exit(exitCode);
    }

    /** Runs a command on the given streams and returns its exit code; never exits the process. */
    static int run(Streams streams, String... args) {
        boolean isVersionAlone = args.length == 1 && args[0].equals("--version");
        return isVersionAlone ? printVersion(streams) : CommandRunner.run(streams, args);
    }

    /**
     * Without the parser, whose classes take most of the time of a start: the archive of classes cannot hold files so
     * old.
     */
    private static int printVersion(Streams streams) {
        try {
            for (String line : Version.lines()) {
                streams.out().println(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("version", e);
        }
        return streams.exitCode(0);
    }

    /** All commands, on the given streams. */
    public static CommandLine commandLine(Streams streams) {
        return Commands.all(streams);
    }
}
