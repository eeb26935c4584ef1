package io.github.pastkv.cli;

import io.github.pastkv.cli.io.Streams;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
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

    /**
     * The lines that list files. In zsh they must not run: what a function lists there ends with a space, folders too.
     * Without a list zsh completes files itself, and goes on within a folder.
     */
    private static final Pattern FILES = Pattern.compile("(?m)^( +)(.*\\bcompgen -f .*)$");

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
        String script = AutoComplete.bash("pastkv", spec.root().commandLine()).replace(COMPOPT_ALIAS, "");
        streams.out().print(FILES.matcher(script).replaceAll("$1[ -n \"\\$ZSH_VERSION\" ] || $2"));
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
