package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

/**
 * A command that has run in this process.
 *
 * @param exitCode what the process would have ended with
 * @param out all of standard output
 * @param err all of standard error
 */
record CommandRun(int exitCode, String out, String err) {
    static CommandRun of(String... args) {
        return withInput(new byte[0], args);
    }

    static CommandRun withInput(byte[] input, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = Main.run(new Streams(new ByteArrayInputStream(input), new PrintStream(out, false, UTF_8),
                new PrintStream(err, true, UTF_8), false), args);
        return new CommandRun(exitCode, out.toString(UTF_8), err.toString(UTF_8));
    }
}
