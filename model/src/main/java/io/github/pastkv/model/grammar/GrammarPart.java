package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Rules;
import java.util.List;
import java.util.Objects;

/** A set of texts that larger grammars are made of: {@link Grammar#of(GrammarPart, List)}. Immutable. */
public sealed interface GrammarPart {
    /** One text; it may be empty. */
    record Literal(String text) implements GrammarPart {
        public Literal {
            Objects.requireNonNull(text, "text: null");
        }
    }

    /** JSON texts that are instances of a schema, as {@link Grammar#ofJsonSchema} has them. */
    record Schema(String schema) implements GrammarPart {
        public Schema {
            Objects.requireNonNull(schema, "schema: null");
        }
    }

    /** The texts of a whole grammar: {@link Grammar#part}. */
    record Embedded(Rules rules) implements GrammarPart {
        public Embedded {
            Objects.requireNonNull(rules, "rules: null");
        }
    }

    /** A text of each part, one after the other. */
    record Sequence(List<GrammarPart> parts) implements GrammarPart {
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    /** A text of one of the options; no text at all if there are no options. */
    record Choice(List<GrammarPart> options) implements GrammarPart {
        public Choice {
            options = List.copyOf(options);
        }
    }

    /** Any number of texts of a part, one after the other; none too. */
    record Star(GrammarPart part) implements GrammarPart {
        public Star {
            Objects.requireNonNull(part, "part: null");
        }
    }

    /**
     * Any text, in which all control tokens may stand. From the first marker in it on, the rest must be a text of
     * {@code rest}; if that has no text, no marker can come.
     *
     * @param excludedBeginning what it must not begin with; empty for nothing
     * @param marker empty for a text without such a rest
     */
    record FreeText(String excludedBeginning, String marker, GrammarPart rest) implements GrammarPart {
        public FreeText {
            Objects.requireNonNull(excludedBeginning, "excludedBeginning: null");
            Objects.requireNonNull(marker, "marker: null");
            Objects.requireNonNull(rest, "rest: null");
            if (!marker.isEmpty() && excludedBeginning.contains(marker)) {
                throw new IllegalArgumentException(
                        "excludedBeginning: " + excludedBeginning + " contains the marker " + marker);
            }
        }
    }

    /** The parts, one after the other. */
    static GrammarPart sequence(GrammarPart... parts) {
        return new Sequence(List.of(parts));
    }

    /** One of the options. */
    static GrammarPart choice(GrammarPart... options) {
        return new Choice(List.of(options));
    }
}
