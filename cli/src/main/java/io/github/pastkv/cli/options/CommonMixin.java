package io.github.pastkv.cli.options;

import io.github.pastkv.cli.io.ErrorReporter;
import picocli.CommandLine.Option;

/** Options that every command has. */
@SuppressWarnings("UnusedVariable") // picocli and ErrorReporter look at these options by themselves
public final class CommonMixin {
    @Option(names = ErrorReporter.DEBUG_OPTION,
            description = "Print the stack trace of an error.") private boolean debug;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.") private boolean help;
}
