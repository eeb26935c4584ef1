package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.CodePoints;
import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.PlaceBudget;
import io.github.pastkv.model.grammar.automaton.Rules;
import io.github.pastkv.model.grammar.automaton.State;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.model.tokenizer.TokenTrie;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one tokenizer that may follow in each state of an automaton, and those that must. A token may follow
 * if all its bytes may, wherever it ends: within a character, a string or a number. Found when a state is first asked
 * for, in one walk over the tree of tokens, and remembered. Safe for any number of threads.
 */
final class TokenMasks {
    private static final long MAX_REMEMBERED_BYTES = 16L << 20;

    private static final int NUM_WARM_UP_WALKS = 3;
    private static final AtomicBoolean WARMED_UP = new AtomicBoolean();

    private static final long MAX_PLACES = 10_000_000; // of one walk, some seconds

    private final Automaton automaton;
    private final TextTokenizer tokenizer;
    private final TokenTrie trie;
    private final ControlTokenBytes controlTokens;
    private final ForcedTokens forcedTokens;
    private final int maxRemembered;
    private final long maxPlaces;
    private final ConcurrentHashMap<State, TokenMask> maskByState = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<State, int[]> forcedByState = new ConcurrentHashMap<>();
    private volatile Object memory; // of the automaton, for whose states the maps are
    private @Nullable TokenMask firstOfText;

    TokenMasks(Automaton automaton, TextTokenizer tokenizer, ControlTokenBytes controlTokens) {
        this(automaton, tokenizer, controlTokens, MAX_PLACES);
    }

    /** @param maxPlaces limit of places that are found in one walk */
    TokenMasks(Automaton automaton, TextTokenizer tokenizer, ControlTokenBytes controlTokens, long maxPlaces) {
        this.automaton = automaton;
        this.memory = automaton.memory();
        this.maxPlaces = maxPlaces;
        this.tokenizer = tokenizer;
        this.trie = tokenizer.trie();
        this.controlTokens = controlTokens;
        this.forcedTokens = new ForcedTokens(automaton, tokenizer, controlTokens);
        this.maxRemembered = (int) (MAX_REMEMBERED_BYTES * Byte.SIZE / Math.max(1 << 13, tokenizer.vocabSize()));
        if (!WARMED_UP.getAndSet(true)) {
            warmUp();
        }
    }

    /**
     * Walks over all tokens, so that the JVM compiles the walk before a step waits for one. Once in a process, beside
     * making the tree of tokens, which takes longer.
     */
    private void warmUp() {
        Automaton anyText = new Automaton(Rules.of(Expression.star(new Expression.OneOf(CodePoints.ALL))));
        for (int i = 0; i < NUM_WARM_UP_WALKS; i++) {
            walk(anyText, anyText.start(), false);
        }
    }

    TextTokenizer tokenizer() {
        return tokenizer;
    }

    /** The bytes of a token as a grammar reads it, or null if it stands for no text. */
    byte @Nullable [] bytes(int id) {
        return trie.contains(id) ? trie.bytes(id) : controlTokens.bytes(id);
    }

    /** Ids of special tokens that are part of the text. */
    Set<Integer> specialIds() {
        return controlTokens.specialIds(tokenizer.vocabulary());
    }

    /** The tokens that may follow. */
    TokenMask allowed(State state) {
        TokenMask known = maskByState.get(state);
        if (known == null) {
            known = walk(automaton, state, false);
            makeRoom(maskByState).put(state, known);
        }
        return known;
    }

    /** The tokens that may begin a text whose leading space is taken away. */
    synchronized TokenMask allowedFirst() {
        if (firstOfText == null) {
            firstOfText = walk(automaton, automaton.start(), true);
        }
        return firstOfText;
    }

    /** The tokens that follow in any case; often none. */
    int[] forced(State state) {
        int[] known = forcedByState.get(state);
        if (known == null) {
            known = forcedTokens.after(state);
            makeRoom(forcedByState).put(state, known);
        }
        return known;
    }

    /** Also forgets what the automaton has forgotten, as a state keeps all that follow it. */
    private <T> ConcurrentHashMap<State, T> makeRoom(ConcurrentHashMap<State, T> map) {
        Object current = automaton.memory();
        if (!memory.equals(current)) {
            memory = current;
            maskByState.clear();
            forcedByState.clear();
        }
        if (map.size() >= maxRemembered) {
            map.clear();
        }
        return map;
    }

    private TokenMask walk(Automaton walked, State start, boolean skipsSpace) {
        TokenMask mask = new TokenMask(tokenizer.vocabSize());
        PlaceBudget budget = new PlaceBudget(maxPlaces);
        State[] path = new State[trie.maxDepth() + 1]; // state after each prefix of the node's bytes
        path[0] = start;
        int node = 1;
        while (node < trie.numNodes()) {
            int depth = trie.depth(node);
            State state = skipsSpace && depth == 1 && trie.label(node) == ' '
                    ? start
                    : walked.next(path[depth - 1], trie.label(node), budget);
            path[depth] = state;
            if (state.isDead()) {
                node = trie.subtreeEnd(node);
            } else {
                for (int place = trie.firstToken(node); place < trie.firstToken(node + 1); place++) {
                    mask.add(trie.id(place));
                }
                node++;
            }
        }
        controlTokens.bytesById().forEach((id, bytes) -> {
            if (!walked.next(start, bytes).isDead()) {
                mask.add(id);
            }
        });
        return mask;
    }
}
