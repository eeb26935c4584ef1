package io.github.pastkv.cli;

import io.github.pastkv.cli.io.Streams;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints a script with which a shell completes commands and options. */
@Command(name = CompletionCommand.NAME, sortOptions = false,
        header = {"Print a completion script for bash or zsh.", ""},
        customSynopsis = {"pastkv completion bash|zsh", ""},
        description = "With the script loaded, the Tab key completes commands, options and file names.%n",
        footer = {"", "Examples:",
            "  eval \"$(pastkv completion bash)\"    # in ~/.bashrc",
            "  eval \"$(pastkv completion zsh)\"     # in ~/.zshrc"})
final class CompletionCommand implements Callable<Integer> {
    static final String NAME = "completion";

    /**
     * What picocli writes for zsh, which has no {@code compopt}. The script calls it only where it exists. The alias
     * makes it seem to exist, but is not expanded in a script that {@code eval} reads, so that zsh writes an error into
     * the command line at each completion.
     */
    private static final String COMPOPT_ALIAS = "  alias compopt=complete\n";

    private static final List<String> SHELLS = List.of("bash", "zsh");

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "SHELL", completionCandidates = Shells.class,
            description = "bash or zsh.") private String shell = "";

    CompletionCommand(Streams streams) {
        this.streams = streams;
    }

    /** The script is one for both: it finds out which shell reads it. */
    @Override
    public Integer call() {
        if (!SHELLS.contains(shell)) {
            throw new ParameterException(spec.commandLine(),
                    "SHELL: '" + shell + "', must be " + String.join(" or ", SHELLS));
        }
        streams.out().print(AutoComplete.bash("pastkv", spec.root().commandLine()).replace(COMPOPT_ALIAS, ""));
        return 0;
    }

    /** The shells, for completion. */
    static final class Shells implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return SHELLS.iterator();
        }
    }
}
