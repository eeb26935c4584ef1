package io.github.pastkv.model.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Guesses ahead and several answers change the speed, never a token. */
class DraftTest {
    private static final int[][] PROMPTS = {{20, 48, 46, 18, 17, 34, 43, 38, 89}, {5, 9, 5, 9, 5}, {77}};

    private static Generation generate(Model model, int[][] prompts, GenerationOptions options) {
        SessionOptions batch = SessionOptions.defaults().withBatchSize(prompts.length);
        try (Session session = model.newSession(batch)) {
            Generation generation = session.generate(prompts, options, GenerationListener.NONE);
            session.cache().checkIntegrity();
            return generation;
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt2, 0, 1", "gpt2, 0.9, 4", "llama, 0, 7", "llama, 0.9, 1", "llama3_rope_tied, 0, 4"})
    void drafts_giveTheTokensOfGenerationWithout(String name, double temperature, int maxDraftTokens)
            throws IOException {
        SamplingOptions sampling =
                SamplingOptions.GREEDY.withTemperature(temperature).withSeed(7).withRepetitionPenalty(1.1);
        GenerationOptions plain = GenerationOptions.greedy(30).withSampling(sampling).withStopTokens(Set.of(2));
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            Generation drafted = generate(model, PROMPTS, plain.withMaxDraftTokens(maxDraftTokens));
            assertThat(drafted.rows()).isEqualTo(generate(model, PROMPTS, plain).rows());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama3_rope_tied"})
    void greedyRepetition_isGuessed(String name) throws IOException {
        try (Model model = Model.load(GoldenModel.of(name).folder())) {
            Generation drafted = generate(model, PROMPTS, GenerationOptions.greedy(30).withMaxDraftTokens(4));
            assertThat(drafted.numDraftedTokens()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void everyAnswer_isTheOneOfItsIndexAlone(int maxDraftTokens) throws IOException {
        SamplingOptions sampling = SamplingOptions.GREEDY.withTemperature(1).withSeed(3);
        GenerationOptions options =
                GenerationOptions.greedy(12).withSampling(sampling).withMaxDraftTokens(maxDraftTokens);
        try (Model model = Model.load(GoldenModel.of("llama").folder())) {
            Generation together = generate(model, PROMPTS, options.withNumReturnSequences(3));
            for (int row = 0; row < together.rows().size(); row++) {
                int[][] prompt = {PROMPTS[row / 3]};
                GeneratedRow alone =
                        generate(model, prompt, options.withFirstSampleIndex(row % 3)).rows().getFirst();
                assertThat(together.rows().get(row)).as("row " + row).isEqualTo(alone);
            }
            assertThat(together.rows().stream().map(GeneratedRow::tokenIds).distinct()).hasSizeGreaterThan(3);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void generationOnAFrozenSession_leavesItAsItWas(int maxDraftTokens) throws IOException {
        GenerationOptions options = GenerationOptions.greedy(10).withMaxDraftTokens(maxDraftTokens);
        try (Model model = Model.load(GoldenModel.of("llama").folder()); Session session = model.newSession()) {
            Generation expected = generate(model, new int[][] {{20, 48, 46, 18}}, options);
            session.append(20, 48);
            session.freeze();
            for (int repeat = 0; repeat < 2; repeat++) {
                Generation frozen = session.generate(new int[][] {{46, 18}}, options, GenerationListener.NONE);
                assertThat(frozen.rows()).isEqualTo(expected.rows());
                assertThat(session.size()).isEqualTo(2);
            }
        }
    }

    /** A listener that ends the answer with its {@code limit}th token, which nobody can foresee. */
    private static GenerationListener endingAfter(int limit) {
        int[] numHeard = {0};
        return new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                return ++numHeard[0] < limit;
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void drafts_giveWay_whereThePoolHoldsThePlainRunOnly(int blockSize) throws IOException {
        int[][] prompt = {PROMPTS[1]};
        GenerationOptions plain = GenerationOptions.greedy(60);
        try (Model model = Model.load(GoldenModel.of("gpt2").folder())) {
            SessionOptions options = SessionOptions.defaults().withBlockSize(blockSize);
            long bytes; // of the plain run: the last token chosen is not appended
            GeneratedRow expected;
            try (Session session = model.newSession(options)) {
                expected = session.generate(prompt, plain, endingAfter(24)).rows().getFirst();
                bytes = session.cache().cacheBytes();
            }
            GenerationOptions drafted = plain.withMaxDraftTokens(7);
            try (Session session = model.newSession(options.withMaxPoolBytes(bytes))) {
                Generation generation = session.generate(prompt, drafted, endingAfter(24));
                assertThat(generation.rows()).containsExactly(expected);
                session.cache().checkIntegrity();
            }
            try (Session session = model.newSession(options.withMaxPoolBytes(bytes - 1))) {
                assertThatThrownBy(() -> session.generate(prompt, drafted, endingAfter(24)))
                        .isInstanceOf(PoolExhaustedException.class);
            }
        }
    }

    /** A listener that fails at its {@code limit}th token. */
    private static GenerationListener failingAfter(int limit, List<Integer> heard) {
        return new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                heard.add(tokenId);
                if (heard.size() == limit) {
                    throw new IllegalStateException("enough");
                }
                return true;
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 21})
    void listenerThatFails_leavesTheCacheAsWithoutDrafts(int limit) throws IOException {
        int[] prompt = PROMPTS[1];
        try (Model model = Model.load(GoldenModel.of("llama").folder()); Session session = model.newSession();
                Session plain = model.newSession()) {
            List<Integer> heard = new ArrayList<>();
            GenerationOptions options = GenerationOptions.greedy(30).withMaxDraftTokens(5);
            assertThatThrownBy(() -> session.generate(new int[][] {prompt}, options, failingAfter(limit, heard)))
                    .hasMessage("enough");
            int[] tokens = IntStream.concat(IntStream.of(prompt),
                    heard.stream().mapToInt(id -> id).limit(heard.size() - 1)).toArray();
            assertThat(session.numTokens(0)).isEqualTo(tokens.length);
            plain.append(tokens);
            LogitRows.of(session.append(heard.getLast()))
                    .requireSameBits("after the failure", LogitRows.of(plain.append(heard.getLast())));
            session.cache().checkIntegrity();
        }
    }

    @Test
    void listenerThatFails_inABatch_leavesOnlyTokensThatWereHeard() throws IOException {
        SessionOptions batch = SessionOptions.defaults().withBatchSize(PROMPTS.length);
        try (Model model = Model.load(GoldenModel.of("llama").folder());
                Session session = model.newSession(batch)) {
            List<List<Integer>> heard = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            GenerationListener failing = new GenerationListener() {
                @Override
                public boolean onToken(int row, int tokenId) {
                    heard.get(row).add(tokenId);
                    if (row == 1 && heard.get(row).size() == 9) {
                        throw new IllegalStateException("enough");
                    }
                    return true;
                }
            };
            GenerationOptions options = GenerationOptions.greedy(30).withMaxDraftTokens(5);
            assertThatThrownBy(() -> session.generate(PROMPTS, options, failing)).hasMessage("enough");
            for (int row = 0; row < PROMPTS.length; row++) {
                int numGenerated = session.numTokens(row) - PROMPTS[row].length;
                assertThat(numGenerated).as("row " + row).isBetween(0, heard.get(row).size());
            }
            session.cache().checkIntegrity();
        }
    }
}
