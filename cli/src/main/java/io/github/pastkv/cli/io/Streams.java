package io.github.pastkv.cli.io;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Where a command reads and writes, in UTF-8 whatever the locale.
 *
 * @param in standard input
 * @param out results; buffered, so flush what someone may be waiting for
 * @param err messages, progress and closing lines
 * @param errIsTerminal whether a line on {@code err} may be rewritten
 */
public record Streams(InputStream in, PrintStream out, PrintStream err, boolean errIsTerminal) {
    /** Set by the launcher, whose filter stands between the JVM and the terminal. */
    private static final String ERR_IS_TERMINAL = "pastkv.stderrIsTerminal";

    /** Whether a person sits at this process' own input and output. */
    public boolean isTerminal() {
        return in.equals(System.in) && Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }

    public static Streams ofProcess() {
        BufferedOutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
        return new Streams(System.in, new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                Boolean.getBoolean(ERR_IS_TERMINAL));
    }
}
