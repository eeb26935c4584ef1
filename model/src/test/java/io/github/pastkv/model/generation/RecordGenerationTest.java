package io.github.pastkv.model.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Answers of random logits are values of their record type. */
class RecordGenerationTest {
    enum Color {
        RED, GREEN
    }

    record Point(byte x, short y, Long z) {}

    record Everything(String text, boolean flag, Boolean boxed, int number, long big, double real, float single,
            BigDecimal decimal, BigInteger whole, Color color, LocalDate date, OffsetDateTime time, Instant instant,
            UUID id, Point point, List<Point> points, Set<Color> colors, Optional<String> note) {}

    record Tree(String name, Optional<Tree> left) {}

    record Pair<A>(A first) {}

    private record Hidden(int a) {}

    record Bad(Map<String, Integer> counts) {}

    record Worse(List<Bad> bads) {}

    record Wild(List<?> any) {}

    record OfPair(Pair<String> pair) {}

    record Letter(char letter) {}

    record Positive(int n) {
        Positive {
            if (n <= 0) {
                throw new IllegalArgumentException("n: " + n + ", must be positive");
            }
        }
    }

    private static Generation generate(RecordType<?> type, int seed, int maxNewTokens) throws IOException {
        try (TextTokenizer tokenizer =
                TextTokenizer.open(TestFiles.resource("tokenizer/bytelevel_bpe/tokenizer.json"))) {
            int[][] prompt = {tokenizer.encode("An answer", false)};
            GenerationOptions options = type.constrain(GenerationOptions.greedy(maxNewTokens).withStopTokens(Set.of(0))
                    .withSampling(SamplingOptions.GREEDY.withTemperature(1).withSeed(seed)));
            return Generator.generate(new RandomLogits(tokenizer.vocabSize() + 3, 1, seed), prompt,
                    AttentionMask.ofLengths(prompt[0].length), tokenizer, options, GenerationListener.NONE);
        }
    }

    @Test
    void answers_ofRandomLogits_areRead() throws IOException {
        RecordType<Everything> type = RecordType.of(Everything.class, 10, 3);
        int numLists = 0;
        for (int seed = 0; seed < 15; seed++) {
            Generation generation = generate(type, seed, 2000);
            Everything value = type.read(generation);
            assertThat(value.text().codePointCount(0, value.text().length())).isLessThanOrEqualTo(10);
            assertThat(value.single()).isFinite();
            assertThat(value.points()).hasSizeLessThanOrEqualTo(3);
            assertThat(generation.text()).contains("\"time\": \"" + value.time().toString().substring(0, 16));
            numLists += value.points().size();
        }
        assertThat(numLists).isPositive();
    }

    @Test
    void recursion_endsWhereOptionalsAreEmpty() throws IOException {
        RecordType<Tree> type = RecordType.of(Tree.class);
        assertThat(type.read("{\"name\": \"a\", \"left\": {\"name\": \"b\", \"left\": null}}"))
                .isEqualTo(new Tree("a", Optional.of(new Tree("b", Optional.empty()))));
        type.read(generate(RecordType.of(Tree.class, 3, 1), 1, 2000)); // no exception
    }

    @Test
    void privateRecords_areCreated() {
        assertThat(RecordType.of(Hidden.class).read("{\"a\": 3}")).isEqualTo(new Hidden(3));
    }

    @Test
    void answerThatWasCut_isRefused_withTheReason() throws IOException {
        RecordType<Everything> type = RecordType.of(Everything.class);
        Generation generation = generate(type, 3, 5);
        assertThatIllegalStateException().isThrownBy(() -> type.read(generation))
                .withMessageStartingWith(
                        "the answer is not a whole Everything, as it ended with LENGTH after 5 tokens: {");
    }

    @Test
    void typesThatAreNotSupported_areRefusedByComponent() {
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Worse.class))
                .withMessageStartingWith(
                        "Bad.counts: java.util.Map<java.lang.String, java.lang.Integer> is not supported");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Wild.class))
                .withMessageStartingWith("Wild.any: ? is not supported");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(OfPair.class))
                .withMessageStartingWith("OfPair.pair: ");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Pair.class))
                .withMessageContaining("has type parameters");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Letter.class))
                .withMessageStartingWith("Letter.letter: char is not supported");
    }

    @Test
    void limitsAndOtherGrammars_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Tree.class, 0, 3))
                .withMessage("maxStringLength: 0, must be at least 1");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Tree.class, 3, 0))
                .withMessage("maxItems: 0, must be at least 1");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Tree.class)
                .constrain(GenerationOptions.greedy(3).withGrammar(Grammar.ofJsonObject())))
                .withMessage("options: have Grammar[JSON object], must have none beside RecordType[Tree]");
    }

    @Test
    void textsThatAreNotOfTheType_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Hidden.class).read("{\"a\": "))
                .withMessageStartingWith("json: is not a Hidden: ");
        assertThatIllegalArgumentException().isThrownBy(() -> RecordType.of(Positive.class).read("{\"n\": -1}"))
                .withMessageContaining("n: -1, must be positive");
    }
}
