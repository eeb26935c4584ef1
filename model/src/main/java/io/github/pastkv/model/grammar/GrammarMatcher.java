package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.AutomatonLimitException;
import io.github.pastkv.model.grammar.automaton.State;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Supplier;

/** Follows one text of a {@link Grammar} token by token. Not safe for use by several threads. */
public final class GrammarMatcher {
    private final Automaton automaton;
    private final TokenMasks masks;
    private State state;
    private boolean skipsSpace; // of the next token

    GrammarMatcher(Automaton automaton, TokenMasks masks, boolean skipsSpace) {
        this.automaton = automaton;
        this.masks = masks;
        this.state = automaton.start();
        this.skipsSpace = skipsSpace;
    }

    /** Whether the text so far is one of the grammar. */
    public boolean mayEnd() {
        return state.mayEnd();
    }

    /** Whether the text so far is one of the grammar, and no token may follow. */
    public boolean isComplete() {
        return state.mayEnd() && (!state.mayContinue() || allowed().size() == 0);
    }

    /** Ids of special tokens that are part of the grammar's texts, so that these must show them. */
    public Set<Integer> specialTokens() {
        return masks.specialIds();
    }

    /** Whether a token may follow; false for ids without a token, and mostly for control tokens. */
    public boolean allows(int tokenId) {
        return allowed().contains(tokenId);
    }

    private TokenMask allowed() {
        return within(() -> skipsSpace ? masks.allowedFirst() : masks.allowed(state));
    }

    /**
     * The tokens that follow in any case, so that they need not be sampled; often none. Where the grammar leaves no
     * choice of bytes they are the tokens that the tokenizer gives these bytes as a text, as far as no longer token
     * could reach over their end.
     */
    public int[] forcedTokens() {
        return skipsSpace ? new int[0] : within(() -> masks.forced(state)).clone();
    }

    /**
     * Sets the logits of tokens that must not follow to minus infinity.
     *
     * @param logits {@code [V]}
     * @param stopTokens ids that end the text: allowed where it may end, and only there
     * @throws GrammarException if no token may follow and the text may not end, as with a vocabulary that cannot
     *         spell a character
     */
    public void mask(double[] logits, Set<Integer> stopTokens) {
        TokenMask allowed = allowed();
        int[] stops = stopTokens.stream().mapToInt(id -> id).filter(id -> id >= 0 && id < logits.length).toArray();
        if (!state.mayEnd() && Arrays.stream(stops).filter(allowed::contains).count() == allowed.size()) {
            throw new GrammarException("grammar: the text so far must go on, but no token of the vocabulary "
                    + "continues it" + (allowed.size() == 0 ? "" : ", except for stop tokens"));
        }
        double[] stopLogits = Arrays.stream(stops).mapToDouble(id -> logits[id]).toArray();
        allowed.apply(logits);
        for (int i = 0; i < stops.length; i++) {
            logits[stops[i]] = state.mayEnd() ? stopLogits[i] : Double.NEGATIVE_INFINITY;
        }
    }

    /**
     * Goes on with a token.
     *
     * @throws IllegalArgumentException if it must not follow
     * @throws GrammarException if the text may be read in too many ways
     */
    public void accept(int tokenId) {
        byte[] bytes = masks.bytes(tokenId);
        if (bytes == null) {
            throw notAllowed(tokenId);
        }
        int from = skipsSpace && bytes[0] == ' ' ? 1 : 0;
        State next = within(() -> automaton.next(state, Arrays.copyOfRange(bytes, from, bytes.length)));
        if (next.isDead()) {
            throw notAllowed(tokenId);
        }
        state = next;
        skipsSpace = false;
    }

    private static <T> T within(Supplier<T> step) {
        try {
            return step.get();
        } catch (AutomatonLimitException e) {
            throw new GrammarException(e);
        }
    }

    private static IllegalArgumentException notAllowed(int tokenId) {
        return new IllegalArgumentException("tokenId: " + tokenId + ", the grammar does not allow it here");
    }
}
