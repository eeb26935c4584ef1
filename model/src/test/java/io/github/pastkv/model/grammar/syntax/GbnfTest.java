package io.github.pastkv.model.grammar.syntax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.grammar.automaton.Automaton;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GbnfTest {
    /** A part of chess as llama.cpp's examples write it, with what its notation allows besides. */
    private static final String CHESS = """
            # moves, "1. e4 e5"
            root   ::= "1. " move " " move "\\n" (
                [1-9] [0-9]? ". "   # number
                move " " move "\\n"
              )+
            move   ::= (pawn | nonpawn |
                        castle) [+#]?

            nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
            pawn   ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
            castle ::= "O-O" "-O"?
            """;

    private static boolean accepts(String grammar, String text) {
        Automaton automaton = new Automaton(Gbnf.parse(grammar));
        return automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).mayEnd();
    }

    @Test
    void rules_overSeveralLines_acceptTheirTexts() {
        assertThat(accepts(CHESS, "1. e4 e5\n2. Nf3 Nc6\n3. O-O exd5+\n")).isTrue();
        assertThat(accepts(CHESS, "1. e4 e5\n")).isFalse();
        assertThat(accepts(CHESS, "1. e4 e9\n2. Nf3 Nc6\n")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~',
            value = {"\"a\"{2,3}; aa; aaaa", "\"a\" {2}; aa; a", "\"a\"{,2}; a; aaa",
                "\"a\"{2,}; aaaaa; a", "[^a-c\\]]+; xyz; xb", "[a-]+; a-a; b", "[\\x41-\\x43]; B; D",
                "\"\\u00e9\\U0001F600\"; \u00e9\ud83d\ude00; \u00e9", ". .; \u00e9\ud83d\ude00; \u00e9",
                "(\"a\" | \"b\"?) \"c\"; c; ac c", "\"a\"*?; aa; b", "x y | y\\nx ::= \"x\"\\ny ::= \"y\" x; xyx; xy",
                "\"\\\\\\\"\"; \\\"; \\"})
    void expressions_acceptTheirTexts(String expression, String text, String other) {
        assertThat(accepts("root ::= " + expression.replace("\\n", "\n"), text)).isTrue();
        assertThat(accepts("root ::= " + expression.replace("\\n", "\n"), other)).isFalse();
    }

    @Test
    void repetitions_ofRepetitions_areRefusedBeyondALimit() {
        assertThat(accepts("root ::= \"a\"" + "?".repeat(SyntaxReader.MAX_DEPTH), "a")).isTrue();
        assertThatThrownBy(() -> Gbnf.parse("root ::= \"a\"" + "?".repeat(100_000)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("nested deeper than 200");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~',
            value = {"a ::= \"a\"; there is no rule root", "root = \"a\"; '::=' must follow",
                "root ::= <think>; tokens as in <think>", "root ::= \"a; a literal is not closed",
                "root ::= (\"a\"; a group is not closed", "root ::= [a; a character class is not closed",
                "root ::= \"\\q\"; '\\q' is no escape", "root ::= b; names b, which is no rule",
                "root ::= root \"a\" | \"a\"; rule root calls itself", "root ::= \"a\"{3,1}; must ascend",
                "root ::= \"a\" ); the name of a rule must follow", "root ::= [b-a]; a range in brackets",
                "root ::= [\\uD800-\\uDBFF]; half a surrogate pair", "root ::= [^a-\\uDC00]; half a surrogate pair",
                "root ::= [\ud800]; half a surrogate pair", "root ::= \"a\" root; never comes to an end"})
    void grammar_thatIsWrong_isRefused(String grammar, String message) {
        assertThatThrownBy(() -> new Automaton(Gbnf.parse(grammar))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
