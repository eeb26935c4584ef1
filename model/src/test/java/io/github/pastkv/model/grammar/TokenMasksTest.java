package io.github.pastkv.model.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.AutomatonLimitException;
import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.RandomRules;
import io.github.pastkv.model.grammar.automaton.Rules;
import io.github.pastkv.model.grammar.automaton.State;
import io.github.pastkv.model.grammar.syntax.Regex;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.model.tokenizer.TokenTrie;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenMasksTest {
    private static final int NUM_GRAMMARS = 25;
    private static final int MAX_TOKENS = 8;

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void allowed_ofRandomRules_isEachTokenWhoseBytesMayFollow(String name) throws IOException {
        try (TextTokenizer tokenizer = tokenizer(name)) {
            for (int seed = 0; seed < NUM_GRAMMARS; seed++) {
                Automaton automaton = new Automaton(RandomRules.next(new Random(seed)));
                checkWalk(automaton, new TokenMasks(automaton, tokenizer, ControlTokenBytes.NONE), new Random(seed));
            }
        }
    }

    private static void checkWalk(Automaton automaton, TokenMasks masks, Random random) {
        State state = automaton.start();
        for (int i = 0; i < MAX_TOKENS; i++) {
            State from = state;
            int[] expected = IntStream.range(0, masks.tokenizer().vocabSize())
                    .filter(id -> mayFollow(automaton, masks.tokenizer().trie(), from, id)).toArray();
            TokenMask mask = masks.allowed(from);
            assertThat(IntStream.range(-1, 1000).filter(id -> id >= 0 && mask.contains(id)).toArray())
                    .isEqualTo(expected);
            assertThat(masks.allowed(from)).isSameAs(mask);
            checkForced(automaton, masks, from);
            if (expected.length == 0) {
                return;
            }
            state = automaton.next(from, masks.tokenizer().trie().bytes(expected[random.nextInt(expected.length)]));
        }
    }

    @Test
    void allowed_whereEachTokenHasMoreThanAFewPlaces_isRefusedBeyondALimit() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            Automaton automaton = new Automaton(Rules.of(Regex.parse(".*e.{300}").whole()));
            State state = automaton.next(automaton.start(), "e".repeat(300).getBytes(StandardCharsets.UTF_8));

            assertThatThrownBy(() -> new TokenMasks(automaton, tokenizer, ControlTokenBytes.NONE, 1000).allowed(state))
                    .isInstanceOf(AutomatonLimitException.class).hasMessageContaining("takes more than 1000 places");
            assertThat(new TokenMasks(automaton, tokenizer, ControlTokenBytes.NONE).allowed(state).size()).isPositive();
        }
    }

    @Test
    void masks_ofStatesThatTheAutomatonForgot_areForgotten() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            // root ::= "(" root? ")"
            Automaton automaton = new Automaton(Rules.of(Expression.sequence(new Expression.Text("("),
                    Expression.optional(new Expression.Call("root")), new Expression.Text(")"))));
            TokenMasks masks = new TokenMasks(automaton, tokenizer, ControlTokenBytes.NONE);
            State start = automaton.start();
            TokenMask mask = masks.allowed(start);
            int[] forced = masks.forced(start);
            assertThat(masks.allowed(start)).isSameAs(mask);

            automaton.next(start, "(".repeat(20_010).getBytes(StandardCharsets.UTF_8));
            assertThat(automaton.start()).isNotSameAs(start);
            masks.allowed(automaton.start());

            assertThat(masks.allowed(start)).isNotSameAs(mask);
            assertThat(masks.forced(start)).isNotSameAs(forced);
        }
    }

    private static TextTokenizer tokenizer(String name) throws IOException {
        return TextTokenizer.open(TestFiles.resource("tokenizer/" + name + "/tokenizer.json"));
    }

    private static boolean mayFollow(Automaton automaton, TokenTrie trie, State state, int id) {
        return trie.contains(id) && !automaton.next(state, trie.bytes(id)).isDead();
    }

    /** Of each forced token each byte is the only one that may follow. */
    private static void checkForced(Automaton automaton, TokenMasks masks, State from) {
        State state = from;
        for (int id : masks.forced(from)) {
            for (byte value : masks.tokenizer().trie().bytes(id)) {
                assertThat(automaton.onlyByte(state)).isEqualTo(value & 0xFF);
                state = automaton.next(state, value & 0xFF);
            }
        }
    }
}
