package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.pastkv.cli.io.ErrorReporter;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.OutputGuard;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.ParseResult;

/** Runs commands: parses their arguments, and reports what fails. */
final class CommandRunner {
    private CommandRunner() {}

    /** Runs a command on the given streams and returns its exit code; never exits the process. */
    static int run(Streams streams, String... args) {
        ErrorReporter errors = new ErrorReporter(streams.err());
        CommandLine commandLine = Commands.forArguments(streams, args)
                .setOut(new PrintWriter(streams.out(), true, UTF_8))
                .setErr(new PrintWriter(streams.err(), true, UTF_8))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors)
                .setExecutionStrategy(CommandRunner::runChecked)
                // A text may begin with @ and is no name of a file with arguments.
                .setExpandAtFiles(false)
                .setUsageHelpWidth(100)
                .setUsageHelpLongOptionsMaxWidth(32)
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        try {
            return streams.exitCode(commandLine.execute(args));
        } catch (Error e) {
            return streams.exitCode(errors.report(e, commandLine));
        }
    }

    /** Runs the command that was given, unless it would write over what it reads. */
    private static int runChecked(ParseResult result) {
        CommandLine command = result.asCommandLineList().getLast();
        if (!command.isUsageHelpRequested() && !command.isVersionHelpRequested()) {
            try {
                OutputGuard.check(command);
            } catch (IOException e) {
                throw new ExecutionException(command, "output", e);
            }
        }
        return new CommandLine.RunLast().execute(result);
    }
}
