package io.github.pastkv.model.grammar;

import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.State;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.model.tokenizer.TokenTrie;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one tokenizer that may follow in each state of an automaton, and those that must. A token may follow
 * if all its bytes may, wherever it ends: within a character, a string or a number. Found when a state is first asked
 * for, in one walk over the tree of tokens, and remembered. Safe for any number of threads.
 */
final class TokenMasks {
    private static final long MAX_REMEMBERED_BYTES = 16L << 20;

    private final Automaton automaton;
    private final TextTokenizer tokenizer;
    private final TokenTrie trie;
    private final ForcedTokens forcedTokens;
    private final int maxRemembered;
    private final ConcurrentHashMap<State, TokenMask> maskByState = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<State, int[]> forcedByState = new ConcurrentHashMap<>();
    private @Nullable TokenMask firstOfText;

    TokenMasks(Automaton automaton, TextTokenizer tokenizer) {
        this.automaton = automaton;
        this.tokenizer = tokenizer;
        this.trie = tokenizer.trie();
        this.forcedTokens = new ForcedTokens(automaton, tokenizer);
        this.maxRemembered = (int) (MAX_REMEMBERED_BYTES * Byte.SIZE / Math.max(1 << 13, tokenizer.vocabSize()));
    }

    TextTokenizer tokenizer() {
        return tokenizer;
    }

    TokenTrie trie() {
        return trie;
    }

    /** The tokens that may follow. */
    TokenMask allowed(State state) {
        TokenMask known = maskByState.get(state);
        if (known == null) {
            known = walk(state, false);
            makeRoom(maskByState).put(state, known);
        }
        return known;
    }

    /** The tokens that may begin a text whose leading space is taken away. */
    synchronized TokenMask allowedFirst() {
        if (firstOfText == null) {
            firstOfText = walk(automaton.start(), true);
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

    private <T> ConcurrentHashMap<State, T> makeRoom(ConcurrentHashMap<State, T> map) {
        if (map.size() >= maxRemembered) {
            map.clear();
        }
        return map;
    }

    private TokenMask walk(State start, boolean skipsSpace) {
        TokenMask mask = new TokenMask(tokenizer.vocabSize());
        State[] path = new State[trie.maxDepth() + 1]; // state after each prefix of the node's bytes
        path[0] = start;
        int node = 1;
        while (node < trie.numNodes()) {
            int depth = trie.depth(node);
            State state = skipsSpace && depth == 1 && trie.label(node) == ' '
                    ? start
                    : automaton.next(path[depth - 1], trie.label(node));
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
        return mask;
    }
}
