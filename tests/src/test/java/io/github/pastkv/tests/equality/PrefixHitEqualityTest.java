package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A logit does not depend on whether earlier tokens were computed or found by prefix caching. */
@Tag("kernels")
@Tag("slow")
class PrefixHitEqualityTest {
    private static SessionOptions alone(SessionOptions options) {
        return options.withPrefixReuse(false);
    }

    private static LogitRows last(Tensor logits) {
        return LogitRows.of(logits.reshape(1, logits.numElements()));
    }

    private static int[] from(int[] tokenIds, int from) {
        return Arrays.copyOfRange(tokenIds, from, tokenIds.length);
    }

    /** Some first tokens, then others than the prompt's. */
    private static int[] parting(int[] tokenIds, int numShared) {
        int[] other = tokenIds.clone();
        for (int i = numShared; i < other.length; i++) {
            other[i] = tokenIds[i] == 3 ? 4 : 3;
        }
        return other;
    }

    private static boolean hasWindows(Model model) {
        return IntStream.range(0, model.config().numLayers()).anyMatch(layer -> model.config().window(layer) > 0);
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void afterAnyHit_logitsAreThoseOfOneStep(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        int numTokens = tokenIds.length;
        for (int blockSize : new int[] {1, 16, 64}) {
            SessionOptions options = subject.session().withBlockSize(blockSize);
            try (Model model = subject.load()) {
                LogitRows expected = Paths.oneShot(model, alone(options), tokenIds);
                for (int numShared : new int[] {1, numTokens / 2, numTokens - 1, numTokens, 17}) {
                    try (Session reader = model.newSession(options.withPrefixSalt("" + numShared))) {
                        reader.append(parting(tokenIds, numShared));
                    }
                    try (Session session = model.newSession(options.withPrefixSalt("" + numShared))) {
                        int cut = Math.min(numTokens, numShared + 3);
                        last(session.prefill(Arrays.copyOf(tokenIds, cut)))
                                .requireSameBits("hit of " + numShared, expected.slice(cut - 1, cut));
                        if (!hasWindows(model)) {
                            assertThat(session.numReusedTokens()).isEqualTo(Math.min(numShared, cut - 1));
                        }
                        LogitRows.of(session.append(from(tokenIds, cut))).requireSameBits("after a hit",
                                expected.slice(cut, numTokens));
                        session.cache().checkIntegrity();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void rowsOfABatch_hitEachForItself(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        int numTokens = tokenIds.length;
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, alone(subject.session()), tokenIds);
            LogitRows parted = Paths.oneShot(model, alone(subject.session()), parting(tokenIds, 5));
            try (Session reader = model.newSession(subject.session())) {
                reader.append(Arrays.copyOf(tokenIds, numTokens / 2));
            }
            SessionOptions batch = subject.session().withBatchSize(3);
            int[][] rows = new int[3][numTokens + 4];
            int[][] bits = new int[3][numTokens + 4];
            System.arraycopy(tokenIds, 0, rows[0], 4, numTokens); // pads at the left
            System.arraycopy(parting(tokenIds, 5), 0, rows[1], 0, numTokens); // at the right
            for (int i = 0; i < numTokens; i++) { // and a hole
                rows[2][i < 7 ? i : i + 4] = tokenIds[i];
                bits[2][i < 7 ? i : i + 4] = 1;
                bits[0][4 + i] = 1;
                bits[1][i] = 1;
            }
            try (Session session = model.newSession(batch)) {
                Tensor logits = session.prefill(rows, AttentionMask.of(bits));
                LogitRows wholes = expected.slice(numTokens - 1, numTokens);
                LogitRows.of(logits.narrow(0, 0, 1)).requireSameBits("left-padded", wholes);
                LogitRows.of(logits.narrow(0, 1, 2)).requireSameBits("right-padded",
                        parted.slice(numTokens - 1, numTokens));
                LogitRows.of(logits.narrow(0, 2, 3)).requireSameBits("with a hole", wholes);
                assertThat(session.numReusedTokens()).isPositive();
                assertThat(session.cache().previousAttentionMask()).isEqualTo(AttentionMask.of(bits));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void afterEvictionAndRecomputation_logitsAreTheSame(Subject subject) throws IOException {
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, alone(subject.session()), tokenIds);
            SessionOptions small = subject.session().withMaxPoolBytes(bytesOf(model, subject, 4 * tokenIds.length));
            Random random = new Random(5);
            for (int i = 0; i < 12; i++) {
                try (Session stranger = model.newSession(small); Session session = model.newSession(small)) {
                    stranger.append(random.ints(tokenIds.length, 0, model.config().vocabSize()).toArray());
                    last(session.prefill(tokenIds)).requireSameBits("time " + i,
                            expected.slice(tokenIds.length - 1, tokenIds.length));
                    session.cache().checkIntegrity();
                }
            }
            try (Session session = model.newSession(small)) {
                assertThat(session.prefixIndex().orElseThrow().stats().numEvicted()).isPositive();
            }
        }
    }

    /** What so many tokens take before a window lets go of any, as those of a step under way do. */
    private static long bytesOf(Model model, Subject subject, int numTokens) {
        try (Session session = model.newSession(alone(subject.session()))) {
            int blockSize = session.cache().config().blockSize();
            return session.cache().config().bytesPerToken() * Math.ceilDiv(numTokens, blockSize) * blockSize;
        }
    }

    /** Sessions on eight threads read one prefix; each goes its own way, and the prefix stays. */
    @Test
    void onEightThreads_overOneFrozenPrefix_allLogitsAreTheSame() throws Exception {
        Subject subject = new Subject(TestModel.tiny(), KernelsUnderTest.fastest(), KvType.BF16);
        int[] tokenIds = subject.tokenIds();
        try (Model model = subject.load(ModelOptions.defaults().withNumThreads(1));
                Session prefix = model.newSession(subject.session());
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            LogitRows expected = Paths.oneShot(model, alone(subject.session()), tokenIds);
            prefix.append(Arrays.copyOf(tokenIds, 20));
            prefix.freeze();
            List<Future<?>> results = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int seed = thread;
                results.add(threads.submit(() -> {
                    goOwnWays(model, subject, prefix, expected, new Random(seed));
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
            prefix.cache().checkIntegrity();
            assertThat(prefix.size()).isEqualTo(20);
        }
    }

    private static void goOwnWays(Model model, Subject subject, Session prefix, LogitRows expected, Random random) {
        int[] tokenIds = subject.tokenIds();
        for (int i = 0; i < 12; i++) {
            int cut = 21 + random.nextInt(tokenIds.length - 21);
            boolean forks = random.nextBoolean();
            try (Session session = forks ? prefix.fork() : model.newSession(subject.session())) {
                int[] own = Arrays.copyOfRange(tokenIds, forks ? 20 : 0, cut);
                last(session.prefill(own)).requireSameBits(forks ? "fork" : "hit",
                        expected.slice(cut - 1, cut));
                session.rewind(random.nextInt(10));
                int kept = session.size();
                LogitRows.of(session.append(from(tokenIds, kept))).requireSameBits("on from " + kept,
                        expected.slice(kept, tokenIds.length));
            }
        }
    }
}
