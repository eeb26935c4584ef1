package io.github.pastkv.model.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The texts of parts, against what they say. */
class GrammarPartTest {
    private static final int NUM_TEXTS = 4000;

    private static Automaton automaton(GrammarPart part) {
        return new Automaton(PartRules.of(part));
    }

    private static boolean accepts(Automaton automaton, String text) {
        return automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).mayEnd();
    }

    private static String randomText(Random random, int maxLength) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
            text.append("ab\u00e9".charAt(random.nextInt(3)));
        }
        return text.toString();
    }

    private static boolean isFreeText(String text, String beginning, String marker, String rest) {
        int at = marker.isEmpty() ? -1 : text.indexOf(marker);
        boolean begins = !beginning.isEmpty() && text.startsWith(beginning);
        return !begins && (at < 0 || text.substring(at + marker.length()).equals(rest));
    }

    @Test
    void freeText_isAnyWithoutMarker_orWithTheRestAfterTheFirst() {
        Random random = new Random(5);
        int numAccepted = 0;
        for (int i = 0; i < NUM_TEXTS / 40; i++) {
            String marker = randomText(random, 4);
            String beginning = randomText(random, 4);
            String rest = randomText(random, 2);
            if (!marker.isEmpty() && beginning.contains(marker)) {
                continue;
            }
            Automaton automaton =
                    automaton(new GrammarPart.FreeText(beginning, marker, new GrammarPart.Literal(rest)));
            for (int j = 0; j < 40; j++) {
                String text = randomText(random, 4) + (random.nextBoolean() ? marker + rest : randomText(random, 3));
                boolean expected = isFreeText(text, beginning, marker, rest);
                assertThat(accepts(automaton, text)).as("%s in [^%s] %s %s", text, beginning, marker, rest)
                        .isEqualTo(expected);
                numAccepted += expected ? 1 : 0;
            }
        }
        assertThat(numAccepted).isBetween(NUM_TEXTS / 5, NUM_TEXTS * 4 / 5);
    }

    @Test
    void freeTextWithoutRest_holdsNoMarker() {
        Automaton automaton = automaton(new GrammarPart.FreeText("", "aab", new GrammarPart.Choice(List.of())));

        assertThat(accepts(automaton, "aaa")).isTrue();
        assertThat(automaton.next(automaton.start(), "aaaa".getBytes(StandardCharsets.UTF_8)).isDead()).isFalse();
        assertThat(automaton.next(automaton.start(), "aaaab".getBytes(StandardCharsets.UTF_8)).isDead()).isTrue();
        assertThatThrownBy(
                () -> new GrammarPart.FreeText("xaab", "aab", new GrammarPart.Literal("")))
                .hasMessage("excludedBeginning: xaab contains the marker aab");
    }

    @Test
    void grammars_areParts_whoseRulesStayApart() {
        Grammar list = Grammar.ofGbnf("root ::= item*\nitem ::= \"a\"");
        Grammar other = Grammar.ofGbnf("root ::= item\nitem ::= \"b\"");
        Automaton automaton = automaton(GrammarPart.sequence(list.part(), other.part(), list.part()));

        for (String text : List.of("b", "ab", "aaba")) {
            assertThat(accepts(automaton, text)).as(text).isTrue();
        }
        for (String text : List.of("", "a", "bb", "abab")) {
            assertThat(accepts(automaton, text)).as(text).isFalse();
        }
        Grammar tagged = Grammar.of(list.part(), List.of("<x>"));
        assertThatThrownBy(tagged::part).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("grammar: spells the control tokens [<x>], and so cannot be a part of another");
    }

    @Test
    void mayBegin_isWhetherATextGoesOnFromThere() {
        Grammar grammar = Grammar.ofChoices(List.of("yes", "yesterday"));

        assertThat(List.of("", "y", "yes", "yesterd", "yesterday")).allMatch(grammar::mayBegin);
        assertThat(List.of("n", "yes ", "yesterdays")).noneMatch(grammar::mayBegin);
    }

    @Test
    void schemas_keepTheirRulesApart() {
        GrammarPart part = GrammarPart.sequence(new GrammarPart.Literal("<"),
                GrammarPart.choice(schema("{\"$ref\": \"#/$defs/x\", \"$defs\": {\"x\": {\"const\": 1}}}"),
                        schema("{\"$ref\": \"#/$defs/x\", \"$defs\": {\"x\": {\"enum\": [\"a\", {}]}}}")),
                new GrammarPart.Star(new GrammarPart.Literal(">")));
        Automaton automaton = automaton(part);

        assertThat(List.of("<1", "<\"a\">", "<{}>>")).allMatch(text -> accepts(automaton, text));
        assertThat(List.of("<", "<2", "<\"b\">", "1")).noneMatch(text -> accepts(automaton, text));
        assertThatThrownBy(() -> Grammar.of(schema("{\"not\": {}}"), List.of()))
                .hasMessage("JSON schema: #: 'not' is not supported");
    }

    private static GrammarPart schema(String schema) {
        return new GrammarPart.Schema(schema);
    }

    @Test
    void controlTokens_areThemselvesWhereSpelled_andFreeInFreeText() throws IOException {
        try (TextTokenizer tokenizer = TextTokenizer
                .open(TestFiles.resource("tokenizer/bytelevel_bpe/tokenizer.json"))) {
            String control = tokenizer.vocabulary().controlTokens().getFirst();
            int id = tokenizer.vocabulary().id(control).orElseThrow();
            GrammarMatcher spelled = Grammar.of(new GrammarPart.Literal(control + "ab"), List.of(control))
                    .matcher(tokenizer, false);
            GrammarMatcher free = Grammar
                    .of(new GrammarPart.FreeText("", "zz", new GrammarPart.Literal("")), List.of())
                    .matcher(tokenizer, false);
            GrammarMatcher regex = Grammar.ofRegex(".*").matcher(tokenizer, false);

            assertThat(spelled.forcedTokens()).startsWith(id);
            assertThat(spelled.allows(id)).isTrue();
            assertThat(spelled.specialTokens()).isEqualTo(
                    tokenizer.vocabulary().isSpecial(id) ? Set.of(id) : Set.of());
            spelled.accept(id);
            assertThat(spelled.allows(id)).isFalse();
            assertThat(free.allows(id)).isTrue();
            assertThat(regex.allows(id)).isFalse();
            assertThatThrownBy(() -> regex.accept(id)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
