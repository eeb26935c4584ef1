package io.github.pastkv.cli.io;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a command reads and writes, in UTF-8 whatever the locale. A write that fails is not lost: {@link #exitCode}
 * turns it into a message and an exit code.
 */
public final class Streams {
    /** Set by the launcher, whose filter stands between the JVM and the terminal. */
    private static final String ERR_IS_TERMINAL = "pastkv.stderrIsTerminal";

    private static final int FILE_TYPE_BITS = 0170000;
    private static final int FIFO = 0010000;
    private static final int SOCKET = 0140000;

    private final InputStream in;
    private final CheckedOutput outTarget;
    private final CheckedOutput errTarget;
    private final PrintStream out;
    private final MessageStream err;
    private final boolean errIsTerminal;

    private final boolean ofProcess;

    /** Streams of a caller; {@code errIsTerminal} says whether a line on {@code err} may be rewritten. */
    public Streams(InputStream in, OutputStream out, OutputStream err, boolean errIsTerminal) {
        this(in, out, err, errIsTerminal, false);
    }

    private Streams(InputStream in, OutputStream out, OutputStream err, boolean errIsTerminal, boolean ofProcess) {
        this.in = in;
        this.ofProcess = ofProcess;
        this.outTarget = new CheckedOutput(out);
        this.errTarget = new CheckedOutput(err);
        this.out = new PrintStream(outTarget, false, StandardCharsets.UTF_8);
        this.err = new MessageStream(errTarget);
        this.errIsTerminal = errIsTerminal;
    }

    public static Streams ofProcess() {
        return new Streams(System.in, new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)),
                new FileOutputStream(FileDescriptor.err), Boolean.getBoolean(ERR_IS_TERMINAL), true);
    }

    /** Standard input. */
    public InputStream in() {
        return in;
    }

    /** Results; buffered, so flush what someone may be waiting for. */
    public PrintStream out() {
        return out;
    }

    /** MessageStream, progress and closing lines; control characters are escaped. */
    public PrintStream err() {
        return err;
    }

    /** Whether a line on {@link #err} may be rewritten. */
    public boolean errIsTerminal() {
        return errIsTerminal;
    }

    /** Prints on {@link #err} what may hold terminal controls. */
    void printControls(String text) {
        err.printRaw(text);
    }

    /** Whether a person sits at this process' own input and output. */
    public boolean isTerminal() {
        return in.equals(System.in) && Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }

    /**
     * The exit code of a command that ended with {@code exitCode}: 1 if a result or a message could not be written, say
     * on a full disk. A reader of a pipe that has gone is no failure.
     */
    public int exitCode(int exitCode) {
        out.flush();
        Optional<IOException> lost = outTarget.failure().filter(e -> !isReaderGone(e, 1));
        lost.ifPresent(e -> err.println("pastkv: standard output: " + e.getMessage()));
        err.flush();
        boolean isLost = lost.isPresent() || errTarget.failure().filter(e -> !isReaderGone(e, 2)).isPresent();
        return exitCode == 0 && isLost ? ErrorReporter.FAILED : exitCode;
    }

    /** The message may be in the user's language, so the kind of the file decides where it can be asked for. */
    private boolean isReaderGone(IOException failure, int fileDescriptor) {
        if (String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("pipe")) {
            return true;
        }
        if (!ofProcess) {
            return false;
        }
        try {
            int mode = (Integer) Files.getAttribute(Path.of("/dev/fd/" + fileDescriptor), "unix:mode");
            return (mode & FILE_TYPE_BITS) == FIFO || (mode & FILE_TYPE_BITS) == SOCKET;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException _) {
            return false;
        }
    }
}
