package io.github.pastkv.cli;

import io.github.pastkv.cli.io.ErrorReporter;
import io.github.pastkv.cli.io.Streams;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command without a subcommand: says what there is. */
@SuppressWarnings("UnusedVariable") // picocli looks at these options by itself
@Command(name = "pastkv", versionProvider = VersionProvider.class, sortOptions = false,
        customSynopsis = {"pastkv COMMAND [OPTIONS]", "       pastkv --help | --version", ""},
        description = "A paged KV cache, inference engine and interpretability toolkit for the JVM.%n"
                + "Run pastkv COMMAND --help for the options of a command.%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:success, also when the reader of a pipe closes it early",
            "1:failure, with one line of explanation on stderr",
            "2:invalid arguments", "130:interrupted by Ctrl-C"},
        footer = {"", "Examples:",
            "  pastkv generate \"Once upon a time\"",
            "  pastkv inspect --model ~/models/SmolLM-135M"})
final class PastKvCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.") private boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true,
            description = "Show the versions of PastKV and Java.") private boolean version;

    PastKvCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(streams.err());
        return ErrorReporter.WRONG_USE;
    }
}
