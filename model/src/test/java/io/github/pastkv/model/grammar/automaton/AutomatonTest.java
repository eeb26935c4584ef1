package io.github.pastkv.model.grammar.automaton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AutomatonTest {
    private static final int NUM_GRAMMARS = 120;
    private static final int MAX_LENGTH = 4;

    @Test
    void accepts_ofRandomRules_equalsAllWaysToRead() {
        List<String> texts = texts();
        for (int seed = 0; seed < NUM_GRAMMARS; seed++) {
            Rules rules = RandomRules.next(new Random(seed));
            Automaton automaton = new Automaton(rules);
            for (String text : texts) {
                assertThat(accepts(automaton, text)).as("seed %d, %s, text '%s'", seed, rules, text)
                        .isEqualTo(NaiveGrammar.accepts(rules, text));
            }
        }
    }

    /** All texts up to a length. */
    private static List<String> texts() {
        List<String> texts = new ArrayList<>(List.of(""));
        for (int i = 0; texts.get(i).codePointCount(0, texts.get(i).length()) < MAX_LENGTH; i++) {
            String prefix = texts.get(i);
            RandomRules.ALPHABET.forEach(letter -> texts.add(prefix + letter));
        }
        return texts;
    }

    private static boolean accepts(Automaton automaton, String text) {
        return automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).mayEnd();
    }

    @Test
    void states_thatAreNotDead_leadToAnEnd() {
        for (int seed = 0; seed < NUM_GRAMMARS; seed++) {
            Automaton automaton = new Automaton(RandomRules.next(new Random(seed)));
            State state = automaton.start();
            Random random = new Random(seed);
            for (int step = 0; step < 12 && state.mayContinue(); step++) {
                assertThat(reachesEnd(automaton, state)).as("seed %d", seed).isTrue();
                State from = state;
                int[] possible = IntStream.range(0, 256).filter(b -> !automaton.next(from, b).isDead()).toArray();
                assertThat(possible).as("seed %d", seed).isNotEmpty();
                assertThat(automaton.onlyByte(from))
                        .isEqualTo(possible.length == 1 && !from.mayEnd() ? possible[0] : -1);
                state = automaton.next(state, possible[random.nextInt(possible.length)]);
            }
        }
    }

    private static boolean reachesEnd(Automaton automaton, State from) {
        Set<State> seen = new HashSet<>(Set.of(from));
        ArrayDeque<State> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            State state = open.remove();
            if (state.mayEnd()) {
                return true;
            }
            IntStream.range(0, 256).mapToObj(value -> automaton.next(state, value))
                    .filter(next -> !next.isDead() && seen.add(next)).forEach(open::add);
        }
        return false;
    }

    @Test
    void next_withinNestedCalls_remembersHowDeep() {
        // root ::= "(" root? ")"
        Automaton automaton = new Automaton(Rules.of(Expression.sequence(new Expression.Text("("),
                Expression.optional(new Expression.Call("root")), new Expression.Text(")"))));
        int depth = Automaton.MAX_REMEMBERED_STATES + 10; // so that states are forgotten on the way
        State state = automaton.next(automaton.start(), "(".repeat(depth).getBytes(StandardCharsets.UTF_8));
        State almost = automaton.next(state, ")".repeat(depth - 1).getBytes(StandardCharsets.UTF_8));

        assertThat(almost.mayEnd()).isFalse();
        assertThat(automaton.next(almost, ')').mayEnd()).isTrue();
        assertThat(automaton.next(automaton.next(almost, ')'), ')').isDead()).isTrue();
    }

    @Test
    void next_inRightRecursiveList_returnsToTheSameState() {
        // root ::= "a" root | "b"
        Automaton automaton = new Automaton(Rules.of(Expression.choice(
                Expression.sequence(new Expression.Text("a"), new Expression.Call("root")),
                new Expression.Text("b"))));

        State once = automaton.next(automaton.start(), 'a');

        assertThat(automaton.next(once, 'a')).isSameAs(once);
    }

    @Test
    void next_whereTextsAreHighlyAmbiguous_isRefused() {
        Expression option = Expression.sequence(new Expression.Text("a"), new Expression.Text("b"));
        Automaton automaton = new Automaton(Rules.of(
                new Expression.Choice(Collections.nCopies(Places.MAX_PLACES + 1, option))));

        assertThatThrownBy(() -> automaton.next(automaton.start(), 'a')).isInstanceOf(AutomatonLimitException.class)
                .hasMessageContaining("more than 4000 ways");
    }

    @Test
    void constructor_ofRulesThatBeginInManyWays_isRefused() {
        Expression option = Expression.star(new Expression.Text("a"));

        assertThatThrownBy(() -> new Automaton(Rules.of(
                new Expression.Choice(Collections.nCopies(Places.MAX_PLACES + 1, option)))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("ways");
    }

    @Test
    void next_inStatesOfManyPlaces_forgetsThemByPlaces() {
        // root ::= .* "a" .{1000}
        Expression any = new Expression.OneOf(CodePoints.ALL);
        Automaton automaton = new Automaton(Rules.of(Expression.sequence(Expression.star(any),
                new Expression.Text("a"), new Expression.Repeat(any, 1000, 1000))));
        Object memory = automaton.memory();
        State state = automaton.start();
        Random random = new Random(1);
        for (int i = 0; i < 4000; i++) { // some 500 places each
            state = automaton.next(state, 'a' + random.nextInt(2));
        }

        assertThat(automaton.memory()).isNotSameAs(memory);
        assertThat(state.mayContinue()).isTrue();
    }

    @Test
    void next_inLongListOfTexts_hasOnePlace() {
        Automaton automaton = new Automaton(Rules.of(new Expression.Choice(IntStream.range(0, 50_000)
                .<Expression> mapToObj(i -> new Expression.Text("word" + i)).toList())));

        assertThat(accepts(automaton, "word49999")).isTrue();
        assertThat(accepts(automaton, "word50000")).isFalse();
        assertThat(automaton.next(automaton.start(), 'w').numPlaces()).isEqualTo(1);
    }

    @Test
    void constructor_ofRulesThatNeverRead_isRefusedByName() {
        Expression a = new Expression.Text("a");

        assertThatThrownBy(() -> new Automaton(new Rules("x", Map.of("x", new Expression.Call("y")))))
                .hasMessage("grammar: rule x names y, which is no rule");
        assertThatThrownBy(() -> new Automaton(new Rules("x", Map.of("x",
                Expression.sequence(a, new Expression.Call("x"))))))
                .hasMessage("grammar: no text fulfills it, as rule x never comes to an end");
        assertThatThrownBy(() -> new Automaton(new Rules("x", Map.of(
                "x", Expression.choice(a, Expression.sequence(Expression.optional(a), new Expression.Call("x")))))))
                .hasMessageContaining("rule x calls itself before it reads a character");
        assertThatThrownBy(() -> new Automaton(Rules.of(new Expression.Repeat(
                new Expression.Repeat(a, 2000, 2000), 2000, 2000))))
                .hasMessageContaining("more than 500000 states");
    }

    @Test
    void codePoints_ofRandomSets_matchTheirUtf8() {
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            CodePoints set = CodePoints.NONE;
            for (int range = 0; range < 3; range++) {
                int first = random.nextInt(1 << (7 + random.nextInt(14))) % 0x110000;
                set = set.union(CodePoints.range(first, Math.min(0x10FFFF, first + random.nextInt(3000))));
            }
            Automaton automaton = new Automaton(Rules.of(Expression.choice(new Expression.OneOf(set),
                    new Expression.Text(""))));
            for (int j = 0; j < 300; j++) {
                int range = random.nextInt(set.numRanges());
                int codePoint = (random.nextBoolean() ? set.first(range) : set.last(range)) + random.nextInt(5) - 2;
                boolean isCharacter = codePoint >= 0 && codePoint <= 0x10FFFF
                        && (codePoint < 0xD800 || codePoint > 0xDFFF);
                if (isCharacter) {
                    assertThat(accepts(automaton, Character.toString(codePoint)))
                            .as("%s: %x", set, codePoint).isEqualTo(set.contains(codePoint));
                }
            }
            assertThat(set.complement().complement()).isEqualTo(set);
        }
    }
}
