package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the generation of one row begins, goes on and ends. */
class GenerationTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int[] PROMPT = LLAMA.tokens();
    private static final List<Integer> GREEDY = Arrays.stream(LLAMA.greedy()).boxed().toList();
    private static final SamplingOptions HOT = SamplingOptions.GREEDY.withTemperature(1.5).withSeed(17);

    @AutoClose private Model model;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(LLAMA.folder());
    }

    private GeneratedRow generate(GenerationOptions options) {
        try (Session session = model.newSession()) {
            return generate(session, PROMPT, options, GenerationListener.NONE);
        }
    }

    private static GeneratedRow generate(Session session, int[] prompt, GenerationOptions options,
            GenerationListener listener) {
        Generation generation = session.generate(new int[][] {prompt}, options, listener);
        assertThat(generation.rows()).hasSize(1);
        return generation.rows().getFirst();
    }

    @Test
    void lastToken_isGivenOutButNotAppended() {
        try (Session session = model.newSession()) {
            GeneratedRow row = generate(session, PROMPT, GenerationOptions.greedy(7), GenerationListener.NONE);
            assertThat(row.tokenIds()).isEqualTo(GREEDY.subList(0, 7));
            assertThat(row.reason()).isEqualTo(FinishReason.LENGTH);
            assertThat(session.size()).isEqualTo(PROMPT.length + 7 - 1);
        }
    }

    @Test
    void generation_goesOnWhereTheLastOneEnded() {
        try (Session session = model.newSession()) {
            generate(session, PROMPT, GenerationOptions.greedy(7), GenerationListener.NONE);
            int[] last = {GREEDY.get(6)};
            assertThat(generate(session, last, GenerationOptions.greedy(9), GenerationListener.NONE).tokenIds())
                    .isEqualTo(GREEDY.subList(7, 16));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 33, 40, 96})
    void contextLimit_endsAsFull(int maxSeqLen) {
        try (Session session = model.newSession(SessionOptions.defaults().withMaxSeqLen(maxSeqLen))) {
            GeneratedRow row = generate(session, PROMPT, GenerationOptions.greedy(1000), GenerationListener.NONE);
            assertThat(row.reason()).isEqualTo(FinishReason.CONTEXT_FULL);
            assertThat(session.size()).isEqualTo(maxSeqLen);
            assertThat(row.tokenIds()).hasSize(maxSeqLen - PROMPT.length + 1);
            int numKnown = Math.min(row.tokenIds().size(), GREEDY.size());
            assertThat(row.tokenIds().subList(0, numKnown)).isEqualTo(GREEDY.subList(0, numKnown));
        }
    }

    @Test
    void promptBeyondTheContext_isRefusedWithBothNumbers() {
        try (Session session = model.newSession(SessionOptions.defaults().withMaxSeqLen(31))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> generate(session, PROMPT, GenerationOptions.greedy(1), GenerationListener.NONE))
                    .withMessageContainingAll("32", "31");
            assertThat(session.size()).isZero();
        }
    }

    @Test
    void noNewTokens_appendsThePrompt() {
        try (Session session = model.newSession()) {
            GeneratedRow row = generate(session, PROMPT, GenerationOptions.greedy(0), GenerationListener.NONE);
            assertThat(row).isEqualTo(new GeneratedRow(List.of(), "", FinishReason.LENGTH));
            assertThat(session.size()).isEqualTo(PROMPT.length);
        }
    }

    @Test
    void stopToken_endsBeforeItself() {
        int stop = GREEDY.get(5);
        assertThat(GREEDY.indexOf(stop)).isEqualTo(5);
        GeneratedRow row = generate(GenerationOptions.greedy(20).withStopTokens(Set.of(stop, 2)));
        assertThat(row.tokenIds()).isEqualTo(GREEDY.subList(0, 5));
        assertThat(row.reason()).isEqualTo(FinishReason.STOP_TOKEN);
    }

    @Test
    void stopStrings_withoutATokenizer_areRefused() {
        GenerationOptions options = GenerationOptions.greedy(3).withStopStrings(List.of("x"));
        assertThatIllegalArgumentException().isThrownBy(() -> generate(options)).withMessageContaining("tokenizer");
    }

    @Test
    void listener_hearsEachTokenOnce_andMayCancel() {
        List<Integer> heard = new ArrayList<>();
        GenerationListener listener = new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                assertThat(row).isZero();
                heard.add(tokenId);
                return heard.size() < 4;
            }
        };
        try (Session session = model.newSession()) {
            GeneratedRow row = generate(session, PROMPT, GenerationOptions.greedy(20), listener);
            assertThat(row.reason()).isEqualTo(FinishReason.CANCELED);
            assertThat(row.tokenIds()).isEqualTo(heard).isEqualTo(GREEDY.subList(0, 4));
            assertThat(session.size()).isEqualTo(PROMPT.length + 3);
        }
    }

    @Test
    void hugeRepetitionPenalty_forbidsTokensOfPromptAndAnswer() {
        SamplingOptions penalized = SamplingOptions.GREEDY.withRepetitionPenalty(1e9);
        GeneratedRow row = generate(GenerationOptions.greedy(30).withSampling(penalized));
        assertThat(row.tokenIds()).hasSize(30).doesNotHaveDuplicates()
                .doesNotContainAnyElementsOf(Arrays.stream(PROMPT).boxed().toList());
    }

    @Test
    void samples_dependOnTheSeedAlone() {
        GenerationOptions options = GenerationOptions.greedy(24).withSampling(HOT);
        List<Integer> sample = generate(options).tokenIds();
        assertThat(generate(options).tokenIds()).isEqualTo(sample).isNotEqualTo(GREEDY);
        assertThat(generate(options.withSampling(HOT.withSeed(18))).tokenIds()).isNotEqualTo(sample);
    }

    @Test
    void samples_doNotDependOnHowThePromptWasAppended() {
        GenerationOptions options = GenerationOptions.greedy(24).withSampling(HOT);
        try (Session session = model.newSession()) {
            session.append(Arrays.copyOf(PROMPT, 13));
            int[] rest = Arrays.copyOfRange(PROMPT, 13, PROMPT.length);
            assertThat(generate(session, rest, options, GenerationListener.NONE)).isEqualTo(generate(options));
        }
    }

    @Test
    void counts_areThoseOfTheStepsTaken() {
        try (Session session = model.newSession()) {
            Generation generation = session.generate(new int[][] {PROMPT}, GenerationOptions.greedy(7),
                    GenerationListener.NONE);
            assertThat(generation.numPromptTokens()).isEqualTo(PROMPT.length);
            assertThat(generation.numDecodedTokens()).isEqualTo(6);
        }
    }
}
