package io.github.pastkv.model.grammar.automaton;

import java.util.List;

/** A set of texts, built from smaller ones: the right side of a rule. Immutable. */
public sealed interface Expression {
    /** For {@link Repeat#max}: no limit. */
    int UNBOUNDED = Integer.MAX_VALUE;

    /** The empty text alone. */
    Expression EMPTY = new Text("");

    /** The byte that stands for a control token, unsigned: no text in UTF-8 holds it. */
    int CONTROL_BYTE = 0xFF;

    /** One text. */
    record Text(String text) implements Expression {}

    /** One character of a set. */
    record OneOf(CodePoints set) implements Expression {}

    /** A text of each part, one after the other. */
    record Sequence(List<Expression> parts) implements Expression {
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    /** A text of one of the options; none at all if there are no options. */
    record Choice(List<Expression> options) implements Expression {
        public Choice {
            options = List.copyOf(options);
        }
    }

    /** Between {@code min} and {@code max} texts of a part, one after the other. */
    record Repeat(Expression part, int min, int max) implements Expression {
        public Repeat {
            if (min < 0 || max < min) {
                throw new IllegalArgumentException("repetition: {" + min + "," + max + "}, must be a range");
            }
        }
    }

    /** A control token that is no text, such as one that begins a thought. It reads {@link #CONTROL_BYTE}. */
    record ControlToken() implements Expression {}

    /** A text of the rule with this name. */
    record Call(String rule) implements Expression {}

    /** The parts, one after the other. */
    static Expression sequence(Expression... parts) {
        return new Sequence(List.of(parts));
    }

    /** One of the options. */
    static Expression choice(Expression... options) {
        return new Choice(List.of(options));
    }

    /** A text of {@code part}, or nothing. */
    static Expression optional(Expression part) {
        return new Repeat(part, 0, 1);
    }

    /** Any number of texts of {@code part}. */
    static Expression star(Expression part) {
        return new Repeat(part, 0, UNBOUNDED);
    }
}
