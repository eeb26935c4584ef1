package io.github.pastkv.model.grammar.automaton;

/** A text may be read in more ways than an automaton follows; the message says what to change in the grammar. */
public final class AutomatonLimitException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    AutomatonLimitException(String message) {
        super(message);
    }
}
