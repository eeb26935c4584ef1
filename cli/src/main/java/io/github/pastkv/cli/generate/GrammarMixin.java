package io.github.pastkv.cli.generate;

import io.github.pastkv.model.grammar.Grammar;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The texts that a continuation must be one of. */
final class GrammarMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--choice", paramLabel = "TEXT",
            description = "Generate one of the given texts. Repeatable.") private @Nullable List<String> choices;

    @Option(names = "--regex", paramLabel = "REGEX",
            description = "Generate a text that the regular expression matches as a "
                    + "whole.") private @Nullable String regex;

    /** Whether one of these options was given. */
    boolean isGiven() {
        return choices != null || regex != null;
    }

    /** The grammar, or null for any text; refuses what is not supported. */
    @Nullable
    Grammar grammar() {
        if (Stream.of(choices, regex).filter(Objects::nonNull).count() > 1) {
            throw new ParameterException(spec.commandLine(), "--choice and --regex: give one of them");
        }
        try {
            return choices != null ? Grammar.ofChoices(choices) : regex != null ? Grammar.ofRegex(regex) : null;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(),
                    (choices != null ? "--choice: " : "--regex: ") + e.getMessage(), e);
        }
    }
}
