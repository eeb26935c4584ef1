package io.github.pastkv.cli.io;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.model.files.Messages;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns what went wrong into one line on stderr and an exit code. */
public final class ErrorReporter implements IParameterExceptionHandler, IExecutionExceptionHandler {
    static final int FAILED = 1;
    public static final int WRONG_USE = 2;
    public static final int INTERRUPTED = 130;
    public static final String DEBUG_OPTION = "--debug";

    private final PrintStream err;

    public ErrorReporter(PrintStream err) {
        this.err = err;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        err.println("pastkv: " + oneLine(UsageErrors.describe(e)) + " (see "
                + e.getCommandLine().getCommandSpec().qualifiedName() + " --help)");
        return WRONG_USE;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parseResult) {
        return report(e, commandLine);
    }

    /** Reports a failure of a command that was used rightly. */
    public int report(Throwable thrown, CommandLine commandLine) {
        err.println("pastkv: " + oneLine(describe(thrown)));
        if (isDebug(commandLine)) {
            thrown.printStackTrace(err);
        }
        return FAILED;
    }

    private static boolean isDebug(CommandLine commandLine) {
        for (ParseResult result = commandLine.getParseResult(); result != null; result = result.subcommand()) {
            if (result.hasMatchedOption(DEBUG_OPTION)) {
                return true;
            }
        }
        return false;
    }

    public static @Nullable String describe(Throwable thrown) {
        return switch (thrown) {
            case NoSuchFileException e -> e.getFile() + ": "
                    + (e.getReason() == null ? "no such file or folder" : e.getReason());
            case AccessDeniedException e -> e.getFile() + ": permission denied";
            case FileSystemException e when e.getReason() == null -> e.getFile() + ": " + nameOf(e);
            case UncheckedIOException e when e.getCause() != null -> e.getMessage() + ": " + describe(e.getCause());
            case PoolExhaustedException e -> e.getMessage() + "; --cache-limit raises it";
            case IOException e when e.getMessage() != null -> e.getMessage();
            case IllegalArgumentException e when isForPeople(e) -> e.getMessage();
            case IllegalStateException e when isForPeople(e) -> e.getMessage();
            case OutOfMemoryError e -> "not enough memory: " + e.getMessage();
            default -> "unexpected " + nameOf(thrown) + ": " + thrown.getMessage() + " (" + DEBUG_OPTION
                    + " shows where)";
        };
    }

    /** Subclasses, such as NumberFormatException, come from the JDK and say nothing about the argument. */
    private static boolean isForPeople(RuntimeException e) {
        boolean isPlain = e.getClass() == IllegalArgumentException.class || e.getClass() == IllegalStateException.class;
        return isPlain && e.getMessage() != null;
    }

    private static String nameOf(Throwable thrown) {
        return thrown.getClass().getSimpleName();
    }

    private static String oneLine(@Nullable String message) {
        return Messages.printable(String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", "; "));
    }
}
