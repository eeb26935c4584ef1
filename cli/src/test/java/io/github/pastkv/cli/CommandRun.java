package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.pastkv.cli.io.Streams;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.regex.Pattern;

/**
 * A command that has run in this process.
 *
 * @param exitCode what the process would have ended with
 * @param out all of standard output
 * @param err standard error but for lines of progress, which a slow machine sees and a fast one does not
 */
public record CommandRun(int exitCode, String out, String err) {
    private static final Pattern PROGRESS = Pattern.compile("(?m)^pastkv: .* \\.\\.\\.\\R");

    public static CommandRun of(String... args) {
        return withInput(new byte[0], args);
    }

    public static CommandRun withInput(byte[] input, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = Main.run(new Streams(new ByteArrayInputStream(input), out, err, false), args);
        return new CommandRun(exitCode, out.toString(UTF_8), withoutProgress(err.toString(UTF_8)));
    }

    /** Streams for a command line that is looked at and not run. */
    public static Streams silentStreams() {
        return new Streams(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream(),
                new ByteArrayOutputStream(), false);
    }

    /** What commands wrote to standard error, without lines such as {@code pastkv: loading the model ...}. */
    static String withoutProgress(String err) {
        return PROGRESS.matcher(err).replaceAll("");
    }
}
