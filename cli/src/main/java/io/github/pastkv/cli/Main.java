package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.pastkv.cli.bench.BenchCommand;
import io.github.pastkv.cli.bench.KvQualityCommand;
import io.github.pastkv.cli.bench.ScoreCommand;
import io.github.pastkv.cli.chat.ChatCommand;
import io.github.pastkv.cli.generate.GenerateCommand;
import io.github.pastkv.cli.io.ErrorReporter;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CommonMixin;
import io.github.pastkv.cli.options.OutputGuard;
import io.github.pastkv.cli.show.ActivationsCommand;
import io.github.pastkv.cli.show.AttentionCommand;
import io.github.pastkv.cli.show.InspectCommand;
import io.github.pastkv.cli.show.LensCommand;
import io.github.pastkv.cli.show.LogitsCommand;
import io.github.pastkv.cli.sweep.AblateCommand;
import io.github.pastkv.cli.sweep.AcdcCommand;
import io.github.pastkv.cli.sweep.PatchCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.ParseResult;

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
        ErrorReporter errors = new ErrorReporter(streams.err());
        CommandLine commandLine = commandLine(streams)
                .setOut(new PrintWriter(streams.out(), true, UTF_8))
                .setErr(new PrintWriter(streams.err(), true, UTF_8))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors)
                .setExecutionStrategy(Main::runChecked)
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

    /** All commands, on the given streams. */
    public static CommandLine commandLine(Streams streams) {
        CommandLine commandLine = new CommandLine(new PastKvCommand(streams));
        for (Object command : List.of(new GenerateCommand(streams), new ChatCommand(streams),
                new LogitsCommand(streams), new ActivationsCommand(streams), new LensCommand(streams),
                new AttentionCommand(streams), new ScoreCommand(streams), new PatchCommand(streams),
                new AblateCommand(streams), new AcdcCommand(streams),
                new InspectCommand(streams), new ConvertCommand(streams), new BenchCommand(streams),
                new KvQualityCommand(streams))) {
            commandLine.addSubcommand(new CommandLine(command).addMixin("common", new CommonMixin()));
        }
        return commandLine.addSubcommand(new CommandLine.HelpCommand());
    }
}
