package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixMissReason;
import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one session has read, the next ones of the model do not compute again, unless they must not share. */
class PrefixReuseTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int[] PROMPT = LLAMA.tokens();
    private static final GenerationOptions FOUR = GenerationOptions.greedy(4);

    /** Counts the tokens that go through feed-forward blocks, so that each computed token counts once per layer. */
    private static final class TokenCounter extends DelegatingKernels {
        private final AtomicInteger numRotated = new AtomicInteger();

        TokenCounter() {
            super(KernelsChoice.choose("scalar").kernels());
        }

        /** Once for the queries and once for the keys of each layer. */
        @Override
        public void applyRope(Tensor rows, int numHeads, int headDim, RopeTable table, int[] positions, int from,
                int to) {
            numRotated.addAndGet(to - from);
            super.applyRope(rows, numHeads, headDim, table, positions, from, to);
        }
    }

    private final TokenCounter counter = new TokenCounter();
    @AutoClose private Model model;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(LLAMA.folder(), ModelOptions.defaults(), new KernelsChoice(counter, "a test"));
    }

    private Generation generate(SessionOptions options, int[] prompt) {
        try (Session session = model.newSession(options)) {
            return session.generate(new int[][] {prompt}, FOUR, GenerationListener.NONE);
        }
    }

    private int numComputed() {
        return counter.numRotated.getAndSet(0) / (2 * model.config().numLayers());
    }

    @Test
    void secondGeneration_computesOnlyWhatIsNew() {
        Generation first = generate(SessionOptions.defaults(), PROMPT);
        assertThat(numComputed()).isEqualTo(PROMPT.length + 3);
        assertThat(first.numReusedTokens()).isZero();
        Generation second = generate(SessionOptions.defaults(), PROMPT);
        assertThat(numComputed()).as("the last prompt token and three new ones").isEqualTo(1 + 3);
        assertThat(second.numReusedTokens()).isEqualTo(PROMPT.length - 1);
        assertThat(second.numPromptTokens()).isEqualTo(PROMPT.length);
        assertThat(second.rows()).isEqualTo(first.rows());
    }

    @Test
    void answers_areFoundToo() {
        List<Integer> answer = generate(SessionOptions.defaults(), PROMPT).rows().getFirst().tokenIds();
        int[] longer = Arrays.copyOf(PROMPT, PROMPT.length + 4);
        for (int i = 0; i < 4; i++) {
            longer[PROMPT.length + i] = answer.get(i);
        }
        // the last token of an answer is given out but never computed
        assertThat(generate(SessionOptions.defaults(), longer).numReusedTokens()).isEqualTo(PROMPT.length + 3);
    }

    @Test
    void aRunningSession_isFoundByOthers_andGoesOnUndisturbed() {
        try (Session running = model.newSession(); Session other = model.newSession();
                Session alone = model.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            running.append(PROMPT);
            other.prefill(PROMPT);
            assertThat(other.numReusedTokens()).isEqualTo(PROMPT.length - 1);
            other.append(3, 4, 5);
            alone.append(PROMPT);
            assertThat(running.append(6, 7).toFloatArray()).isEqualTo(alone.append(6, 7).toFloatArray());
        }
    }

    @Test
    void closedSessions_areForgottenBeyondTheIdleLimit_openOnesShare() throws IOException {
        try (Model forgetful = Model.load(LLAMA.folder(), ModelOptions.defaults().withMaxCachedBytes(0))) {
            try (Session open = forgetful.newSession(); Session other = forgetful.newSession()) {
                open.append(PROMPT);
                other.prefill(PROMPT);
                assertThat(other.numReusedTokens()).isEqualTo(PROMPT.length - 1);
            }
            try (Session later = forgetful.newSession()) {
                later.prefill(PROMPT);
                assertThat(later.numReusedTokens()).isZero();
                assertThat(later.cache().pool().cachedBytes()).isZero();
            }
        }
    }

    @Test
    void switchedOff_nothingIsTakenOrGiven() {
        SessionOptions off = SessionOptions.defaults().withPrefixReuse(false);
        generate(off, PROMPT);
        assertThat(generate(SessionOptions.defaults(), PROMPT).numReusedTokens()).isZero();
        assertThat(generate(off, PROMPT).numReusedTokens()).isZero();
        try (Session session = model.newSession(off)) {
            assertThat(session.prefixIndex()).isEmpty();
            assertThatIllegalStateException().isThrownBy(() -> session.explainPrefix(1, 2));
        }
    }

    @Test
    void anotherSaltOrStorage_sharesNothing_theSameDoes() {
        SessionOptions ann = SessionOptions.defaults().withPrefixSalt("ann");
        generate(ann, PROMPT);
        for (SessionOptions other : List.of(SessionOptions.defaults(), ann.withPrefixSalt("bob"),
                ann.withPrefixSalt("ann "), ann.withKvType(KvType.BF16), ann.withBlockSize(8))) {
            assertThat(generate(other, PROMPT).numReusedTokens()).as(other.toString()).isZero();
        }
        assertThat(generate(ann, PROMPT).numReusedTokens()).as("the control").isEqualTo(PROMPT.length - 1);
    }

    @Test
    void aCachePassedIn_sharesNothing() {
        generate(SessionOptions.defaults(), PROMPT);
        try (KvCache cache = new KvCache(
                KvCacheConfig.of(model.config().toKvShape(), 1)
                        .withMaxTokens(model.config().maxSeqLen()));
                Session session = model.newSession(cache)) {
            session.prefill(PROMPT);
            assertThat(session.numReusedTokens()).isZero();
        }
    }

    @Test
    void derivedTokens_neverEnter_exactOnesBeforeThemDo() {
        try (Session edited = model.newSession()) {
            edited.append(Arrays.copyOf(PROMPT, 10));
            edited.cache().markDerived(0, 7);
            edited.append(Arrays.copyOfRange(PROMPT, 10, PROMPT.length));
            assertThat(edited.cache().isDerived()).isTrue();
            try (Session fork = edited.fork()) {
                assertThat(fork.cache().numExactTokens(0)).isEqualTo(7);
                fork.append(1);
            }
        }
        // positions 7 to 9 had entered before they were marked; what was appended afterward never does
        assertThat(generate(SessionOptions.defaults(), PROMPT).numReusedTokens()).as("derived").isEqualTo(10);
        assertThat(generate(SessionOptions.defaults(), PROMPT).numReusedTokens()).as("the control")
                .isEqualTo(PROMPT.length - 1);
    }

    @Test
    void wrongGuesses_doNotEnter() {
        int[] repeating = new int[24];
        Arrays.setAll(repeating, i -> 5 + i % 3);
        GenerationOptions drafting = GenerationOptions.greedy(12).withMaxDraftTokens(6);
        Generation first;
        try (Session session = model.newSession()) {
            first = session.generate(new int[][] {repeating}, drafting, GenerationListener.NONE);
            session.cache().checkIntegrity();
        }
        try (Session session = model.newSession()) {
            Generation second = session.generate(new int[][] {repeating}, drafting, GenerationListener.NONE);
            assertThat(second.rows()).isEqualTo(first.rows());
            assertThat(second.numReusedTokens()).isEqualTo(repeating.length - 1);
        }
    }

    @Test
    void severalAnswersAndBeams_equalThoseWithoutReuse() {
        SessionOptions off = SessionOptions.defaults().withPrefixReuse(false);
        generate(SessionOptions.defaults(), PROMPT);
        BeamOptions beams = BeamOptions.of(3, 5);
        try (Session session = model.newSession(); Session alone = model.newSession(off)) {
            assertThat(session.beamSearch(new int[][] {PROMPT}, beams))
                    .isEqualTo(alone.beamSearch(new int[][] {PROMPT}, beams));
            assertThat(session.numReusedTokens()).isZero(); // of the last step of a beam, which is one token
            GenerationOptions three = FOUR.withNumReturnSequences(3);
            assertThat(session.generate(new int[][] {PROMPT}, three, GenerationListener.NONE).rows())
                    .isEqualTo(alone.generate(new int[][] {PROMPT}, three, GenerationListener.NONE).rows());
        }
    }

    @Test
    void explainPrefix_saysWhatIsThereAndWhyNotMore() {
        try (Session session = model.newSession()) {
            session.append(Arrays.copyOf(PROMPT, 20));
            int[] parting = PROMPT.clone();
            parting[12] = PROMPT[12] == 1 ? 2 : 1;
            assertThat(session.explainPrefix(parting).numReused()).isEqualTo(12);
            assertThat(session.explainPrefix(parting).missReason())
                    .isEqualTo(new PrefixMissReason.DifferentToken(12, parting[12], PROMPT[12]));
            assertThat(session.explainPrefix(Arrays.copyOf(PROMPT, 20)).missReason())
                    .isEqualTo(new PrefixMissReason.Whole());
        }
    }

    @Test
    void appendForLast_ofRowsWithoutTokens_givesNoRowForThem() {
        try (Session session = model.newSession(SessionOptions.defaults().withBatchSize(2))) {
            assertThat(session.prefill(new int[][] {{1, 2}, {0, 0}}, AttentionMask.ofLengths(2, 0)).shape())
                    .containsExactly(1, model.config().vocabSize());
        }
    }
}
