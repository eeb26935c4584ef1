package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.testkit.golden.GoldenModel;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sessions whose tokens see a window, with or without sinks: memory is bounded, and nothing but what is seen counts.
 */
@Tag("kernels")
class WindowSessionTest {
    private static final int NUM_TOKENS = 55;
    private static final KvWindow[] WINDOWS =
            {KvWindow.of(1), KvWindow.of(9), new KvWindow(9, 4), new KvWindow(16, 16), new KvWindow(3, 20)};

    static Stream<Arguments> subjects() {
        return Stream.of("gpt2", "llama", "llama3_rope_tied").flatMap(
                model -> KernelsUnderTest.names().stream().map(kernels -> Arguments.of(model, kernels)));
    }

    private static int[] tokenIds(Model model) {
        return new Random(8).ints(NUM_TOKENS, 4, model.config().vocabSize()).toArray();
    }

    private static Model load(String name, String kernels) throws IOException {
        return Model.load(GoldenModel.of(name).folder(), ModelOptions.defaults().withKernels(kernels));
    }

    /** Nothing is let go of: one run over all tokens, each of which is masked by {@link MaskedKernels}. */
    private static LogitRows masked(String name, KvWindow window, int[] tokenIds) throws IOException {
        Kernels kernels = new MaskedKernels(new ScalarKernels(), window);
        try (Model model = Model.load(GoldenModel.of(name).folder(), ModelOptions.defaults(),
                new KernelsChoice(kernels, "masked in the test")); Session session = model.newSession()) {
            return LogitRows.of(session.append(tokenIds));
        }
    }

    @ParameterizedTest
    @MethodSource("subjects")
    void window_inAnyChunks_equalsTheOneRunWithTheMask(String name, String kernels) throws IOException {
        try (Model model = load(name, kernels)) {
            int[] tokenIds = tokenIds(model);
            for (KvWindow window : WINDOWS) {
                LogitRows expected = masked(name, window, tokenIds);
                for (int blockSize : new int[] {1, 5, 16}) {
                    SessionOptions options = SessionOptions.defaults().withWindow(window).withBlockSize(blockSize)
                            .withMaxRewindTokens(2);
                    for (int chunk : new int[] {1, 7, NUM_TOKENS}) {
                        try (Session session = model.newSession(options)) {
                            LogitRows actual = new LogitRows();
                            for (int from = 0; from < NUM_TOKENS; from += chunk) {
                                actual.add(session.append(
                                        Arrays.copyOfRange(tokenIds, from, Math.min(from + chunk, NUM_TOKENS))));
                            }
                            actual.requireSameBits(window + ", blocks of " + blockSize + ", chunks of " + chunk,
                                    expected);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("subjects")
    void window_rewoundForkedAndInABatchWithPads_equalsTheOneRun(String name, String kernels) throws IOException {
        KvWindow window = new KvWindow(9, 4);
        try (Model model = load(name, kernels)) {
            int[] tokenIds = tokenIds(model);
            LogitRows expected = masked(name, window, tokenIds);
            SessionOptions options = SessionOptions.defaults().withWindow(window).withMaxRewindTokens(5);
            try (Session session = model.newSession(options)) {
                session.append(Arrays.copyOf(tokenIds, 40));
                session.append(7, 8, 9, 10, 11);
                assertThat(session.canRewind(5)).isTrue();
                assertThat(session.canRewind(6)).isFalse();
                session.rewind(5);
                try (Session fork = session.fork()) {
                    LogitRows rest = LogitRows.of(fork.append(Arrays.copyOfRange(tokenIds, 40, NUM_TOKENS)));
                    rest.requireSameBits("forked", expected.slice(40, NUM_TOKENS));
                }
                LogitRows rest = LogitRows.of(session.append(Arrays.copyOfRange(tokenIds, 40, NUM_TOKENS)));
                rest.requireSameBits("rewound", expected.slice(40, NUM_TOKENS));
            }
            try (Session batch = model.newSession(options.withBatchSize(2))) {
                AttentionMask mask = AttentionMask.of(new int[][] {
                    IntStream.range(0, NUM_TOKENS + 9).map(slot -> slot < 3 || (slot >= 30 && slot < 36) ? 0 : 1)
                            .toArray(),
                    IntStream.range(0, NUM_TOKENS + 9).map(slot -> Math.min(1, slot % 3)).toArray()});
                int[][] rows = new int[2][NUM_TOKENS + 9];
                Arrays.fill(rows[1], 5);
                int token = 0;
                for (int slot = 0; slot < NUM_TOKENS + 9; slot++) {
                    rows[0][slot] = mask.isReal(0, slot) ? tokenIds[token++] : 0;
                }
                LogitRows padded = new LogitRows();
                padded.addReal(batch.append(rows, mask), mask, 0);
                padded.requireSameBits("padded", expected);
            }
        }
    }

    @Test
    void memory_ofAWindow_isBoundedHoweverLongTheText() throws IOException {
        try (Model model = load("llama", KernelsUnderTest.fastest());
                Session session = model.newSession(
                        SessionOptions.defaults().withWindow(new KvWindow(9, 4)).withMaxRewindTokens(5))) {
            long most = 0;
            for (int i = 0; i < model.config().maxSeqLen(); i++) {
                session.append(5);
                most = Math.max(most, session.cache().cacheBytes());
            }
            int blocks = 1 + 2; // sinks, and 13 tokens that may lie in two blocks
            assertThat(most).isLessThanOrEqualTo(blocks * 16L * model.config().toKvShape().elementsPerToken() * 4);
        }
    }

    @Test
    void session_overACacheWithAWindow_takesIt() throws IOException {
        try (Model model = load("llama", KernelsUnderTest.fastest());
                KvCache cache = new KvCache(KvCacheConfig.of(model.config().toKvShape(), 1)
                        .withMaxTokens(model.config().maxSeqLen()).withWindow(KvWindow.of(9)))) {
            int[] tokenIds = tokenIds(model);
            LogitRows.of(model.newSession(cache).append(tokenIds))
                    .requireSameBits("cache of the caller", masked("llama", KvWindow.of(9), tokenIds));
        }
    }

    @Test
    void window_thatIsNone_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> KvWindow.of(7).narrower(new KvWindow(5, 2)))
                .withMessage("window: window 7 and window 5 + 2 sinks, neither covers the other");
    }
}
