package io.github.pastkv.model.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.RandomRules;
import io.github.pastkv.model.grammar.automaton.State;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.model.tokenizer.TokenTrie;
import java.io.IOException;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenMasksTest {
    private static final int NUM_GRAMMARS = 25;
    private static final int MAX_TOKENS = 8;

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void allowed_ofRandomRules_isEachTokenWhoseBytesMayFollow(String name) throws IOException {
        try (TextTokenizer tokenizer =
                TextTokenizer.open(TestFiles.resource("tokenizer/" + name + "/tokenizer.json"))) {
            for (int seed = 0; seed < NUM_GRAMMARS; seed++) {
                Automaton automaton = new Automaton(RandomRules.next(new Random(seed)));
                checkWalk(automaton, new TokenMasks(automaton, tokenizer), new Random(seed));
            }
        }
    }

    private static void checkWalk(Automaton automaton, TokenMasks masks, Random random) {
        State state = automaton.start();
        for (int i = 0; i < MAX_TOKENS; i++) {
            State from = state;
            int[] expected = IntStream.range(0, masks.tokenizer().vocabSize())
                    .filter(id -> mayFollow(automaton, masks.trie(), from, id)).toArray();
            TokenMask mask = masks.allowed(from);
            assertThat(IntStream.range(-1, 1000).filter(id -> id >= 0 && mask.contains(id)).toArray())
                    .isEqualTo(expected);
            assertThat(masks.allowed(from)).isSameAs(mask);
            checkForced(automaton, masks, from);
            if (expected.length == 0) {
                return;
            }
            state = automaton.next(from, masks.trie().bytes(expected[random.nextInt(expected.length)]));
        }
    }

    private static boolean mayFollow(Automaton automaton, TokenTrie trie, State state, int id) {
        return trie.contains(id) && !automaton.next(state, trie.bytes(id)).isDead();
    }

    /** Of each forced token each byte is the only one that may follow. */
    private static void checkForced(Automaton automaton, TokenMasks masks, State from) {
        State state = from;
        for (int id : masks.forced(from)) {
            for (byte value : masks.trie().bytes(id)) {
                assertThat(automaton.onlyByte(state)).isEqualTo(value & 0xFF);
                state = automaton.next(state, value & 0xFF);
            }
        }
    }
}
