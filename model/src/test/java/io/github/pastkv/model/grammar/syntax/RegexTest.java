package io.github.pastkv.model.grammar.syntax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.grammar.automaton.Automaton;
import io.github.pastkv.model.grammar.automaton.Expression;
import io.github.pastkv.model.grammar.automaton.Rules;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexTest {
    private static final int NUM_TEXTS = 400;

    /** Java's own expressions are the reference; these mean the same in both. */
    @ParameterizedTest
    @ValueSource(strings = {"", "a|bc|", "a*b+c?", "(ab|ba){1,3}", "(?:a{2}|b{1,}){2,3}c*", "[a-cx]*", "[^a-c]+",
        "\\d+(\\.\\d{1,2})?", "[\\d.-]+", "\\w+\\W\\w+", "[^\\s\\d]*\\s?", ".*b.{2}", "(?<name>a|b)*?c", "a+?b??",
        "\\x61\\u0062*[\\u{1F600}-\\u{1F64F}]*", "[\\]\\\\^-]+", "\\(a\\)|\\[b]", "(a|(b|(c|\u00e9)*)*)*1",
        "[^\u00e9]{0,4}", "^ab?$", "^a|b$|c", "((a{0,2}){0,2}b){2}"})
    void whole_matchesWhatJavaMatches(String regex) {
        String java = regex.replaceAll("\\\\u\\{([0-9A-F]+)}", "\\\\x{$1}").replace("$", "\\z");
        Pattern pattern = Pattern.compile(java.isEmpty() ? java : "(?:" + java + ")");
        Automaton whole = new Automaton(Rules.of(Regex.parse(regex).whole()));
        Automaton contained = new Automaton(Rules.of(Regex.parse(regex).contained()));
        Random random = new Random(1);
        for (int i = 0; i < NUM_TEXTS; i++) {
            String text = text(random);
            assertThat(accepts(whole, text)).as("'%s'", text).isEqualTo(pattern.matcher(text).matches());
            assertThat(accepts(contained, text)).as("in '%s'", text).isEqualTo(pattern.matcher(text).find());
        }
    }

    private static String text(Random random) {
        String letters = random.nextBoolean() ? "ab" : "abcxX1.-_ \u00e9\n\\]()[";
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(9); i > 0; i--) {
            text.append(random.nextInt(20) == 0 ? "\ud83d\ude01" : letters.charAt(random.nextInt(letters.length())));
        }
        return text.toString();
    }

    private static boolean accepts(Automaton automaton, String text) {
        return automaton.next(automaton.start(), text.getBytes(StandardCharsets.UTF_8)).mayEnd();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~',
            value = {"(a)\\1; '\\1' is not supported", "a(?=b); look-ahead", "(?<!a)b; look-behind",
                "(?i)a; '(?i' is not supported", "\\bword; '\\b' is not supported", "\\p{L}; '\\p' is not supported",
                "a++; possessive", "*a; '*' has nothing to repeat", "(a; a group is not closed",
                "a); ')' closes no group",
                "[a; a class in brackets is not closed", "a{2,1}; must ascend", "a{,2}; needs a number",
                "a{b; needs a number", "(a$); '$' must end an alternative", "a$b; '$' must end an alternative",
                "a^; '^' must begin an alternative", "[b-a]; a range in brackets", "[\\d-z]; a range in brackets",
                "\\; a backslash must not end the text", "\\ud800; half a surrogate pair",
                "\\u{D800}; half a surrogate pair",
                "\udfff; half a surrogate pair", "\\xZZ; needs 2 hexadecimal",
                "[[:alpha:]]; '[:'", "{; must be escaped", "a{9999999}; must not exceed"})
    void parse_ofWhatIsNotSupported_isRefusedByName(String regex, String message) {
        assertThatThrownBy(() -> Regex.parse(regex)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("regex: ").hasMessageContaining(message).hasMessageContaining("at character");
    }

    @Test
    void brackets_ofManyCharacters_areReadInOneGo() {
        StringBuilder members = new StringBuilder();
        for (int character = 0x10000; character < 0x50000; character += 2) {
            members.appendCodePoint(character);
        }

        Expression regex = ((Expression.Choice) Regex.parse("[" + members + "]").whole()).options().getFirst();
        Expression gbnf = Gbnf.parse("root ::= [" + members + "]").byName().get(Rules.ROOT);

        assertThat(((Expression.OneOf) regex).set().numRanges()).isEqualTo(0x20000);
        assertThat(gbnf).isEqualTo(new Expression.Sequence(List.of(regex)));
    }

    @ParameterizedTest
    @ValueSource(ints = {SyntaxReader.MAX_DEPTH + 1, 100_000})
    void parse_ofDeepGroups_isRefused(int depth) {
        String regex = "(".repeat(depth) + "a" + ")".repeat(depth);

        assertThatThrownBy(() -> Regex.parse(regex)).hasMessageContaining("nested deeper than");
        Expression allowed = Regex.parse("(".repeat(SyntaxReader.MAX_DEPTH) + "a" + ")".repeat(SyntaxReader.MAX_DEPTH))
                .whole();
        assertThat(accepts(new Automaton(Rules.of(allowed)), "a")).isTrue();
    }
}
