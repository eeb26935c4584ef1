package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.prefix.PrefixStats;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Eight threads over one frozen prefix and one index at once, on a pool so small that blocks are evicted all the time:
 * each thread gets the bits of the same texts read alone.
 */
@Tag("stress")
class SharedPrefixStressTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int NUM_THREADS = 8;
    private static final int NUM_ROUNDS = 25 * Integer.getInteger("pastkv.test.scale", 1);
    private static final int NUM_SUFFIXES = 6;
    private static final int SUFFIX_TOKENS = 21;
    private static final int BLOCK_SIZE = 4;
    /** Ends in the middle of a block, which all forks have to copy. */
    private static final int[] PREFIX =
            Arrays.copyOf(LLAMA.tokens(), LLAMA.tokens().length / BLOCK_SIZE * BLOCK_SIZE - 2);

    /** What is said after the prefix, with the logits of its last token. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares suffixes
    private record Suffix(int[] tokenIds, float[] logits) {}

    @ParameterizedTest
    @CsvSource({"F32,11", "Q8,12"})
    void eightThreads_equalOneAlone(KvType type, long seed) throws Exception {
        try (Model model = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(2));
                ExecutorService threads = Executors.newFixedThreadPool(NUM_THREADS)) {
            SessionOptions options = SessionOptions.defaults().withKvType(type).withBlockSize(BLOCK_SIZE);
            List<Suffix> suffixes = suffixes(model, options.withPrefixReuse(false), new Random(seed));
            try (Session prefix = model.newSession(options.withMaxPoolBytes(poolBytes(model, options)))) {
                prefix.append(PREFIX);
                prefix.freeze();
                CyclicBarrier start = new CyclicBarrier(NUM_THREADS);
                List<Callable<Boolean>> calls = new ArrayList<>();
                for (int thread = 0; thread < NUM_THREADS; thread++) {
                    Random random = new Random(seed * NUM_THREADS + thread);
                    calls.add(() -> {
                        start.await();
                        run(model, prefix, suffixes, random);
                        return true;
                    });
                }
                for (Future<Boolean> call : threads.invokeAll(calls)) {
                    call.get();
                }
                prefix.cache().checkIntegrity();
                PrefixStats stats = prefix.prefixIndex().orElseThrow().stats();
                assertThat(stats.numHits()).isPositive();
                assertThat(stats.numEvicted()).isPositive();
                assertThat(prefix.cache().pool().heldBytes()).isEqualTo(prefix.cache().cacheBytes());
            }
        }
    }

    /**
     * Room for the prefix and about what two threads add: what others leave behind is evicted, and most have to wait.
     */
    private static long poolBytes(Model model, SessionOptions options) {
        try (Session one = model.newSession(options.withPrefixReuse(false))) {
            one.append(PREFIX);
            return one.cache().cacheBytes()
                    + 2 * (SUFFIX_TOKENS + BLOCK_SIZE) * one.cache().config().bytesPerToken();
        }
    }

    private static List<Suffix> suffixes(Model model, SessionOptions alone, Random random) {
        List<Suffix> suffixes = new ArrayList<>();
        for (int i = 0; i < NUM_SUFFIXES; i++) {
            int[] tokenIds = random.ints(SUFFIX_TOKENS, 0, model.config().vocabSize()).toArray();
            try (Session session = model.newSession(alone)) {
                suffixes.add(new Suffix(tokenIds, session.prefill(joined(tokenIds)).toFloatArray()));
            }
        }
        return suffixes;
    }

    private static int[] joined(int[] suffix) {
        int[] all = Arrays.copyOf(PREFIX, PREFIX.length + suffix.length);
        System.arraycopy(suffix, 0, all, PREFIX.length, suffix.length);
        return all;
    }

    private static void run(Model model, Session prefix, List<Suffix> suffixes, Random random) {
        for (int round = 0; round < NUM_ROUNDS; round++) {
            Suffix suffix = suffixes.get(random.nextInt(NUM_SUFFIXES));
            float[] logits = switch (random.nextInt(3)) {
                case 0 -> onAFork(prefix, suffix, 1 + random.nextInt(SUFFIX_TOKENS - 1));
                case 1 -> byTheIndex(model, prefix, suffix);
                default -> frozen(prefix, suffix);
            };
            assertThat(logits).isEqualTo(suffix.logits());
        }
    }

    private static float[] onAFork(Session prefix, Suffix suffix, int numFirst) {
        try (Session fork = prefix.fork()) {
            fork.append(Arrays.copyOf(suffix.tokenIds(), numFirst));
            return fork.prefill(Arrays.copyOfRange(suffix.tokenIds(), numFirst, SUFFIX_TOKENS)).toFloatArray();
        }
    }

    private static float[] byTheIndex(Model model, Session prefix, Suffix suffix) {
        SessionOptions options = SessionOptions.defaults()
                .withKvTypes(prefix.cache().config().kvTypes(0)).withBlockSize(BLOCK_SIZE)
                .withMaxPoolBytes(prefix.cache().config().maxPoolBytes());
        try (Session session = model.newSession(options)) {
            return session.prefill(joined(suffix.tokenIds())).toFloatArray();
        }
    }

    /** A session is for one thread, but any number may fork one that stays as it is: a frozen run is on such a fork. */
    private static float[] frozen(Session prefix, Suffix suffix) {
        try (Session fork = prefix.fork()) {
            fork.freeze();
            float[] logits = fork.prefill(suffix.tokenIds()).toFloatArray();
            assertThat(fork.prefill(suffix.tokenIds()).toFloatArray()).isEqualTo(logits);
            return logits;
        }
    }
}
