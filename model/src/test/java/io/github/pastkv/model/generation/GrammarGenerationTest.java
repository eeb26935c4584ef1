package io.github.pastkv.model.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarException;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrammarGenerationTest {
    private static final String REGEX =
            "(Name: [A-Z][a-z]{2,8}, \u00e9t\u00e9: (yes|no|\ud83d\ude00+)\\. ){1,3}End of list";
    private static final int MAX_NEW_TOKENS = 400;

    private static TextTokenizer tokenizer(String name) throws IOException {
        return TextTokenizer.open(TestFiles.resource("tokenizer/" + name + "/tokenizer.json"));
    }

    private static Generation generate(RandomLogits backend, TextTokenizer tokenizer, GenerationOptions options,
            int[]... prompts) {
        return Generator.generate(backend, prompts, AttentionMask.ofLengths(
                List.of(prompts).stream().mapToInt(prompt -> prompt.length).toArray()), tokenizer, options,
                GenerationListener.NONE);
    }

    private static GenerationOptions options(Grammar grammar, long seed) {
        return GenerationOptions.greedy(MAX_NEW_TOKENS).withGrammar(grammar).withStopTokens(Set.of(0))
                .withSampling(SamplingOptions.GREEDY.withTemperature(1).withSeed(seed));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe"})
    void texts_ofRandomLogits_matchTheRegex(String name) throws IOException {
        Grammar grammar = Grammar.ofRegex(REGEX);
        try (TextTokenizer tokenizer = tokenizer(name)) {
            int[] prompt = tokenizer.encode("A list", false);
            int numForced = 0;
            for (int seed = 0; seed < 12; seed++) {
                RandomLogits backend = new RandomLogits(tokenizer.vocabSize() + 3, 1, seed);
                Generation generation = generate(backend, tokenizer, options(grammar, seed), prompt);
                assertThat(generation.text()).as("seed %d", seed).matches(REGEX);
                assertThat(generation.reason()).isEqualTo(FinishReason.STOP_TOKEN);
                int numTokens = generation.rows().getFirst().tokenIds().size();
                assertThat(backend.numSteps()).isEqualTo(numTokens - 1 - generation.numDraftedTokens());
                numForced += generation.numDraftedTokens();
            }
            assertThat(numForced).isGreaterThan(12 * 10);
        }
    }

    @Test
    void text_atTheBeginning_losesNoSpaceToTheTokenizer() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("metaspace_bpe")) {
            int[] begin = {tokenizer.vocabulary().id("<s>").orElseThrow()};
            for (String choice : List.of("the end", " the end", "  the")) {
                Set<Integer> firstTokens = new HashSet<>();
                for (int seed = 0; seed < 15; seed++) {
                    Generation generation = generate(new RandomLogits(tokenizer.vocabSize(), 1, seed), tokenizer,
                            options(Grammar.ofChoices(List.of(choice)), seed), begin);
                    assertThat(generation.text()).isEqualTo(choice);
                    firstTokens.add(generation.rows().getFirst().tokenIds().getFirst());
                }
                assertThat(firstTokens).hasSizeGreaterThan(1); // with the space that is taken away, and without
            }
        }
    }

    @Test
    void rows_answersAndDrafts_changeNoToken() throws IOException {
        Grammar grammar = Grammar.ofRegex(REGEX);
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            int[][] prompts = {tokenizer.encode("A list", false), tokenizer.encode("Another list of", false)};
            GenerationOptions options = options(grammar, 5).withNumReturnSequences(3);
            List<GeneratedRow> expected = generate(new RandomLogits(600, 2, 9), tokenizer, options, prompts).rows();

            assertThat(generate(new RandomLogits(600, 2, 9), tokenizer, options.withMaxDraftTokens(5), prompts).rows())
                    .isEqualTo(expected);
            for (int row = 0; row < expected.size(); row++) {
                Generation alone = generate(new RandomLogits(600, 1, 9), tokenizer,
                        options(grammar, 5).withFirstSampleIndex(row % 3), prompts[row / 3]);
                assertThat(alone.rows()).containsExactly(expected.get(row));
            }
        }
    }

    @Test
    void stopTokens_comeOnlyWhereTheTextMayEnd() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            int comma = tokenizer.vocabulary().id(",").orElseThrow();
            for (int seed = 0; seed < 20; seed++) {
                GenerationOptions options = options(Grammar.ofRegex("(a|,)*b+"), seed)
                        .withStopTokens(Set.of(comma, 9999));
                Generation generation = generate(new RandomLogits(600, 1, seed), tokenizer, options, new int[] {5});
                assertThat(generation.text()).matches("a*b+");
            }
        }
    }

    @Test
    void stopTokens_thatTheGrammarWouldForce_areSpelledOtherwise() throws IOException {
        String choice = "a long text of some words";
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            Grammar grammar = Grammar.ofChoices(List.of(choice));
            int[] forced = Arrays.stream(grammar.matcher(tokenizer, false).forcedTokens())
                    .filter(id -> tokenizer.trie().bytes(id).length > 1).toArray(); // single bytes could not be spelled
            assertThat(forced).hasSizeGreaterThan(3);
            for (int stop : forced) {
                Generation generation = generate(new RandomLogits(600, 1, 1), tokenizer,
                        options(grammar, 1).withStopTokens(Set.of(stop)), new int[] {5});
                assertThat(generation.text()).isEqualTo(choice);
                assertThat(generation.rows().getFirst().tokenIds()).doesNotContain(stop);
            }
        }
    }

    @Test
    void limits_stillEndAnAnswer() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            Grammar grammar = Grammar.ofChoices(List.of("a long text of some words"));
            Generation cut = generate(new RandomLogits(600, 1, 1), tokenizer,
                    options(grammar, 1).withMaxNewTokens(4), new int[] {5});
            Generation stopped = generate(new RandomLogits(600, 1, 1), tokenizer,
                    options(grammar, 1).withStopStrings(List.of(" text")), new int[] {5});
            Generation empty = generate(new RandomLogits(600, 1, 1), tokenizer,
                    options(Grammar.ofRegex(""), 1).withStopTokens(Set.of()), new int[] {5});

            assertThat(cut.rows().getFirst().tokenIds()).hasSize(4);
            assertThat(cut.reason()).isEqualTo(FinishReason.LENGTH);
            assertThat(stopped.text()).isEqualTo("a long");
            assertThat(stopped.reason()).isEqualTo(FinishReason.STOP_STRING);
            assertThat(empty.text()).isEmpty();
            assertThat(empty.reason()).isEqualTo(FinishReason.STOP_TOKEN);
        }
    }

    @Test
    void logProbabilities_haveOneEntryPerToken_forcedOnesToo() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("bytelevel_bpe")) {
            GenerationOptions options = options(Grammar.ofChoices(List.of("a long text of some words")), 1)
                    .withNumLogProbabilities(2);
            GeneratedRow row = generate(new RandomLogits(600, 1, 1), tokenizer, options, new int[] {5}).rows()
                    .getFirst();

            assertThat(row.logProbabilities().stream().map(TokenLogProbability::tokenId)).isEqualTo(row.tokenIds());
        }
    }

    @Test
    void vocabulary_thatCannotSpellACharacter_isAnError() throws IOException {
        try (TextTokenizer tokenizer = tokenizer("unigram")) {
            GenerationOptions options = options(Grammar.ofChoices(List.of("\ud83e\udd80")), 1);

            assertThatThrownBy(() -> generate(new RandomLogits(tokenizer.vocabSize(), 1, 1), tokenizer, options,
                    new int[] {5})).isInstanceOf(GrammarException.class)
                    .hasMessageContaining("no token of the vocabulary continues it");
            GenerationOptions stopped = options(Grammar.ofChoices(List.of("a")), 1)
                    .withStopTokens(Set.of(tokenizer.vocabulary().id("a").orElseThrow()));
            assertThatThrownBy(() -> generate(new RandomLogits(tokenizer.vocabSize(), 1, 1), tokenizer, stopped,
                    new int[] {5})).hasMessageContaining("except for stop tokens");
            assertThatThrownBy(() -> generate(new RandomLogits(9, 1, 1), null, options, new int[] {5}))
                    .isInstanceOf(IllegalArgumentException.class).hasMessage("grammar: needs a tokenizer");
        }
    }
}
