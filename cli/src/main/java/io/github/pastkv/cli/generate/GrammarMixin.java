package io.github.pastkv.cli.generate;

import io.github.pastkv.model.grammar.Grammar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    static final String NAMES = "--choice, --regex, --json-schema, --grammar";

    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--choice", paramLabel = "TEXT",
            description = "Generate one of the given texts. Repeatable.") private @Nullable List<String> choices;

    @Option(names = "--regex", paramLabel = "REGEX",
            description = "Generate a text that the regular expression matches as a "
                    + "whole.") private @Nullable String regex;

    @Option(names = "--json-schema", paramLabel = "FILE",
            description = "Generate JSON that is an instance of the schema in this "
                    + "file.") private @Nullable Path jsonSchema;

    @Option(names = "--grammar", paramLabel = "FILE",
            description = "Generate a text of the grammar in this file, in llama.cpp's notation "
                    + "(GBNF).") private @Nullable Path gbnf;

    /** Whether one of these options was given. */
    boolean isGiven() {
        return given().findAny().isPresent();
    }

    private Stream<Object> given() {
        return Stream.<@Nullable Object> of(choices, regex, jsonSchema, gbnf).filter(Objects::nonNull)
                .map(Objects::requireNonNull);
    }

    /** The grammar, or null for any text; refuses what is not supported. */
    @Nullable
    Grammar grammar() throws IOException {
        if (given().count() > 1) {
            throw new ParameterException(spec.commandLine(), NAMES + ": give one of them");
        }
        try {
            if (choices != null) {
                return Grammar.ofChoices(choices);
            } else if (regex != null) {
                return Grammar.ofRegex(regex);
            } else if (jsonSchema != null) {
                return Grammar.ofJsonSchema(Files.readString(jsonSchema));
            }
            return gbnf == null ? null : Grammar.ofGbnf(Files.readString(gbnf));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
