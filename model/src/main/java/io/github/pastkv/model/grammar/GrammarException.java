package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.AutomatonLimitException;

/**
 * A generation cannot go on within its grammar: a text may be read in too many ways, or no token of the vocabulary
 * continues it. The grammar is at fault, not the state of the program; its message says what to change.
 */
public final class GrammarException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    public GrammarException(String message) {
        super(message);
    }

    GrammarException(AutomatonLimitException cause) {
        super(cause.getMessage(), cause);
    }
}
