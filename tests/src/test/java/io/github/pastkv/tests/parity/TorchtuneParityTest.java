package io.github.pastkv.tests.parity;

import static io.github.pastkv.tests.parity.ParityModels.alone;
import static io.github.pastkv.tests.parity.ParityModels.boxed;
import static io.github.pastkv.tests.parity.ParityModels.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.cache.IntegrityExtension;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.PaddedBatch;
import io.github.pastkv.testkit.reference.HfCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Behaviors of torchtune's models and generation around its cache, numbered as in docs/parity.md. */
class TorchtuneParityTest {
    /** Models that stay open from test to test. */
    private static final String MODELS = "io.github.pastkv.tests.parity.ParityModels#all";
    private static final int[] PROMPT = prompt(0, 9);
    private static final int[][] PROMPTS = {prompt(0, 9), prompt(30, 33), prompt(50, 56)};

    @RegisterExtension final IntegrityExtension caches = new IntegrityExtension();

    private Session session(Model model, SessionOptions options) {
        Session session = model.newSession(options);
        KvCache cache = session.cache();
        return caches.watch(session, cache::checkIntegrity);
    }

    private Session session(Model model) {
        return session(model, SessionOptions.defaults());
    }

    private static LogitRows append(Session session, int... tokenIds) {
        return LogitRows.of(session.append(tokenIds));
    }

    @Test
    void item27_sessionOptions_setBatchTypeAndLengthUpToTheModels() {
        Model model = ParityModels.llama();
        Session session = session(model,
                SessionOptions.defaults().withBatchSize(3).withKvType(KvType.BF16).withMaxSeqLen(20));
        assertThat(session.batchSize()).isEqualTo(3);
        assertThat(session.cache().config().kvTypes(0)).isEqualTo(KvTypes.of(KvType.BF16));
        assertThat(session.maxSeqLen()).isEqualTo(20);
        assertThat(session(model).maxSeqLen()).isEqualTo(96);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.newSession(SessionOptions.defaults().withMaxSeqLen(97)))
                .withMessageContaining("97").withMessageContaining("96");
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void items29And31_withoutMaskAndPositions_allTokensAreRealAndConsecutive(Model model) {
        Session session = session(model);
        append(session, PROMPT).requireSameBits("no mask", alone(model, PROMPT));
        session.reset();
        LogitRows masked = new LogitRows();
        AttentionMask ones = AttentionMask.ones(1, PROMPT.length);
        masked.addReal(session.append(new int[][] {PROMPT}, ones), ones, 0);
        masked.requireSameBits("mask of ones", alone(model, PROMPT));
    }

    @Test
    void item32_inputBeyondTheLimit_isRefusedWithBothNumbers_alsoInPieces() {
        Session session = session(ParityModels.llama(), SessionOptions.defaults().withMaxSeqLen(10));
        assertThatIllegalArgumentException().isThrownBy(() -> session.append(prompt(0, 11)))
                .withMessageContaining("11").withMessageContaining("10");
        session.append(PROMPT);
        assertThatIllegalArgumentException().isThrownBy(() -> session.append(4, 5))
                .withMessageContaining("11").withMessageContaining("10");
        assertThat(session.size()).isEqualTo(9);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void items33And34_reset_isAlwaysAllowedAndStartsAfresh(Model model) {
        Session session = session(model);
        session.reset();
        append(session, prompt(40, 60));
        session.reset();
        assertThat(session.size()).isZero();
        try (PastTensor keys = session.cache().entry(0).pastKeys()) {
            assertThat(keys.shape(1)).isZero();
        }
        append(session, PROMPT).requireSameBits("afresh", alone(model, PROMPT));
    }

    @Test
    void item35_batchOfFiveIntoASessionOfFour_isRefused() {
        Session session = session(ParityModels.gpt2(), SessionOptions.defaults().withBatchSize(4));
        assertThatIllegalArgumentException().isThrownBy(() -> session.append(new int[5][3]))
                .withMessageContaining("5 rows").withMessageContaining("batch of 4");
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item36_cachedRun_equalsTheUncached(Model model) {
        Session session = session(model);
        LogitRows uncached;
        try (Session.Scope _ = session.withoutCache()) {
            uncached = append(session, PROMPT);
        }
        append(session, PROMPT).requireSameBits("cached", uncached);
    }

    @Test
    void items42And45_sessionLocalToABlock_isGoneAfterIt_alsoAfterAFailure() {
        Model model = ParityModels.llama();
        List<Session> leaked = new ArrayList<>();
        assertThatThrownBy(() -> {
            try (Session session = model.newSession()) {
                leaked.add(session);
                session.append(PROMPT);
                throw new UnsupportedOperationException("body");
            }
        }).isInstanceOf(UnsupportedOperationException.class);
        assertThatIllegalStateException().isThrownBy(() -> leaked.getFirst().append(4));
        assertThatIllegalStateException().isThrownBy(() -> leaked.getFirst().size());
        append(session(model), PROMPT).requireSameBits("the model is as before", alone(model, PROMPT));
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item43_sessionsOfOneModel_doNotSeeEachOther(Model model) {
        Session one = session(model);
        Session other = session(model);
        append(one, prompt(40, 46));
        append(other, PROMPT).requireSameBits("beside another", alone(model, PROMPT));
        assertThat(one.size()).isEqualTo(6);
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item44_withoutCache_leavesItAsItWas_andNestsWell(Model model) {
        Session session = session(model);
        session.append(PROMPT);
        float[] before = values(session);
        try (Session.Scope _ = session.withoutCache()) {
            try (Session.Scope _ = session.withoutCache()) {
                append(session, PROMPT).requireSameBits("inner", alone(model, PROMPT));
            }
            append(session, PROMPT).requireSameBits("still without", alone(model, PROMPT));
        }
        assertThat(values(session)).isEqualTo(before);
        assertThat(session.size()).isEqualTo(9);
        session.append(4);
        assertThat(session.size()).isEqualTo(10);
    }

    private static float[] values(Session session) {
        try (PastTensor values = session.cache().entry(2).pastValues()) {
            return values.toFloatArray();
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item47_sameSeed_sameTokens_whateverTheCacheLengthAndPadding(Model model) {
        GenerationOptions options = GenerationOptions.greedy(10)
                .withSampling(SamplingOptions.GREEDY.withTemperature(1.5).withSeed(7));
        List<GeneratedRow> expected = generate(model, 0, options, PaddedBatch.right(PROMPTS));
        assertThat(expected).extracting(GeneratedRow::tokenIds).doesNotHaveDuplicates();
        assertThat(generate(model, 19, options, PaddedBatch.right(PROMPTS))).isEqualTo(expected);
        assertThat(generate(model, 0, options, PaddedBatch.left(PROMPTS))).isEqualTo(expected);
        assertThat(generate(model, 19, options, PaddedBatch.left(PROMPTS))).isEqualTo(expected);
        assertThat(generate(model, 0, options.withSampling(options.sampling().withSeed(8)), PaddedBatch.left(PROMPTS)))
                .isNotEqualTo(expected);
    }

    private List<GeneratedRow> generate(Model model, int maxSeqLen, GenerationOptions options, PaddedBatch prompts) {
        Session session = session(model, SessionOptions.defaults().withBatchSize(3).withMaxSeqLen(maxSeqLen));
        return session.generate(prompts.tokenIds(), prompts.mask(), options, GenerationListener.NONE).rows();
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item47_generatedTokens_areThoseOfRunsWithoutACache(Model model) {
        Session session = session(model);
        Generation generation = session.generate(new int[][] {PROMPT}, GenerationOptions.greedy(10),
                GenerationListener.NONE);
        int[] all = PROMPT;
        for (int tokenId : generation.rows().getFirst().tokenIds()) {
            float[] last = lastLogits(model, all);
            for (float logit : last) {
                assertThat(logit).isLessThanOrEqualTo(last[tokenId]);
            }
            all = ParityModels.joined(all, new int[] {tokenId});
        }
    }

    private static float[] lastLogits(Model model, int[] tokenIds) {
        try (Session session = model.newSession()) {
            Tensor logits = session.append(tokenIds);
            return logits.narrow(0, tokenIds.length - 1L, tokenIds.length).toFloatArray();
        }
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void items48And49_result_isTheNewTokens_theLastOfThemNotAppended(Model model) {
        Session session = session(model);
        Generation generation = session.generate(new int[][] {PROMPT}, GenerationOptions.greedy(10),
                GenerationListener.NONE);
        assertThat(generation.rows().getFirst().tokenIds()).hasSize(10);
        assertThat(session.size()).isEqualTo(9 + 10 - 1);
    }

    @Test
    void items50And51_positions_countRealTokensOnly() {
        assertThat(positions(0, 0, 0, 1, 1, 1, 1, 1)).containsExactly(0, 1, 2, 3, 4);
        assertThat(positions(1, 1, 0, 1, 1)).containsExactly(0, 1, 2, 3);
        assertThat(positions(0, 1, 1, 1)).containsExactly(0, 1, 2);
    }

    /** Positions of the real tokens of a row. */
    private List<Integer> positions(int... bits) {
        KvCache cache = caches.watch(new KvCache(KvCacheConfig.of(new KvShape(1, 1, 2), 1)));
        List<Integer> positions = new ArrayList<>();
        try (KvStep step = cache.beginStep(AttentionMask.of(new int[][] {bits}))) {
            for (int token = 0; token < step.numTokens(); token++) {
                positions.add(step.position(0, token));
            }
        }
        return positions;
    }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource(MODELS)
    void item54_stopTokens_endEachRowAndThenTheWhole(Model model) {
        HfCase golden = ParityModels.golden(model);
        Session session = session(model, SessionOptions.defaults().withBatchSize(2));
        List<Integer> greedy = boxed(golden.greedy());
        Set<Integer> stops = Set.copyOf(greedy.subList(3, 5));
        int end = stops.stream().mapToInt(greedy::indexOf).min().orElseThrow();
        Generation generation = session.generate(new int[][] {golden.tokens(), golden.tokens()},
                GenerationOptions.greedy(20).withStopTokens(stops), GenerationListener.NONE);
        for (GeneratedRow row : generation.rows()) {
            assertThat(row.tokenIds()).isEqualTo(greedy.subList(0, end));
            assertThat(row.reason()).isEqualTo(FinishReason.STOP_TOKEN);
        }
        assertThat(session.size()).isEqualTo(golden.tokens().length + end);
    }

    @Test
    void item55_generation_endsAtTheLimit_longerPromptsAreRefusedBefore() {
        Session session = session(ParityModels.llama(), SessionOptions.defaults().withMaxSeqLen(12));
        Generation generation = session.generate(new int[][] {PROMPT}, GenerationOptions.greedy(50),
                GenerationListener.NONE);
        assertThat(generation.rows().getFirst().reason()).isEqualTo(FinishReason.CONTEXT_FULL);
        assertThat(generation.rows().getFirst().tokenIds()).hasSize(4);
        assertThat(session.size()).isEqualTo(12);
        session.reset();
        assertThatIllegalArgumentException().isThrownBy(() -> session.generate(new int[][] {prompt(0, 13)},
                GenerationOptions.greedy(1), GenerationListener.NONE)).withMessageContaining("13")
                .withMessageContaining("12");
        assertThat(session.size()).isZero();
    }
}
