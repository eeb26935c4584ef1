package io.github.pastkv.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tensor.Tensor;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Eight threads with random texts of calls, each on a session of its own, join and leave passes as they come; chunks,
 * drafts, several answers, windows, storage types, probes, and cancellations at random. Each gets the bits of the same
 * calls made alone.
 */
@Tag("stress")
class ConcurrentSessionsTest {
    private static final int NUM_THREADS = 8;
    private static final int NUM_CALLS = 7 * Integer.getInteger("pastkv.test.scale", 1);
    private static final int NUM_TIGHT_BLOCKS = 44; // a session of 57 tokens and a fork with three answers
    private static final KvType[] TYPES = {KvType.F32, KvType.BF16, KvType.Q8};

    @ParameterizedTest
    @CsvSource({"llama, 512, 1", "llama, 1, 2", "llama, 5, 3", "gpt2, 16, 4", "mistral, 7, 5", "gemma2, 64, 6"})
    void eightThreads_equalEachAlone(String name, int maxBatchTokens, long seed) throws Exception {
        GoldenModel golden = GoldenModel.of(name);
        List<List<Object>> alone = new ArrayList<>();
        try (Model model = Model.load(golden.folder(), ModelOptions.defaults().withNumThreads(1))) {
            for (int thread = 0; thread < NUM_THREADS; thread++) {
                alone.add(play(model, new Random(seed * 100 + thread)));
            }
        }
        try (Model model = Model.load(golden.folder(),
                ModelOptions.defaults().withNumThreads(2).withMaxBatchTokens(maxBatchTokens))) {
            List<List<Object>> together = playTogether(model, seed);
            for (int thread = 0; thread < NUM_THREADS; thread++) {
                assertThat(together.get(thread)).as("seed %d, thread %d", seed, thread).isEqualTo(alone.get(thread));
            }
            for (int round = 0; maxBatchTokens > NUM_THREADS && !sharedPasses(model) && round < 100; round++) {
                playTogether(model, seed); // on one busy core the threads may have run one after the other
            }
            if (maxBatchTokens > NUM_THREADS) { // positive control
                assertThat(sharedPasses(model)).isTrue();
            }
        }
    }

    private static boolean sharedPasses(Model model) {
        return model.engineStats().numSteps() > model.engineStats().numPasses();
    }

    /**
     * In a pool that holds each alone and not two of them: sessions at rest, between two steps and just closed, and
     * threads that sleep at any of these points, cost time and no bit.
     */
    @ParameterizedTest
    @CsvSource({"llama, 512, 0, 11", "llama, 5, 0, 12", "gpt2, 16, 0, 13", "mistral, 7, 0, 14", "llama, 16, 9, 15"})
    void eightThreadsInATightPool_equalEachAlone(String name, int maxBatchTokens, int window, long seed)
            throws Exception {
        GoldenModel golden = GoldenModel.of(name);
        SessionOptions options = SessionOptions.defaults().withBlockSize(4)
                .withWindow(window == 0 ? KvWindow.NONE : new KvWindow(window, 2));
        List<List<Object>> alone = new ArrayList<>();
        try (Model model = Model.load(golden.folder(), ModelOptions.defaults().withNumThreads(1))) {
            for (int thread = 0; thread < NUM_THREADS; thread++) {
                alone.add(playTight(model, options.withPrefixReuse(false), new Random(seed * 100 + thread)));
            }
        }
        try (Model model = Model.load(golden.folder(),
                ModelOptions.defaults().withNumThreads(2).withMaxBatchTokens(maxBatchTokens))) {
            SessionOptions tight = options.withMaxPoolBytes(NUM_TIGHT_BLOCKS * blockBytes(model, options));
            List<List<Object>> together = together(seed, random -> playTight(model, tight, random));
            for (int thread = 0; thread < NUM_THREADS; thread++) {
                assertThat(together.get(thread)).as("seed %d, thread %d", seed, thread).isEqualTo(alone.get(thread));
            }
        }
    }

    private static long blockBytes(Model model, SessionOptions options) {
        try (Session session = model.newSession(options.withPrefixReuse(false))) {
            session.append(1);
            return session.cache().cacheBytes();
        }
    }

    private static List<Object> playTight(Model model, SessionOptions options, Random random) {
        List<Object> results = new ArrayList<>();
        Random sleeps = new Random(random.nextLong());
        for (int number = 0; number < 2; number++) {
            try (Session session = model.newSession(options)) {
                for (int call = 0; call < NUM_CALLS; call++) {
                    if (session.size() > 40) {
                        session.reset();
                    }
                    results.add(tightCall(model, session, random, sleeps));
                    sleep(sleeps);
                }
            }
        }
        return results;
    }

    private static Object tightCall(Model model, Session session, Random random, Random sleeps) {
        int[] ids = random.ints(1 + random.nextInt(9), 0, model.config().vocabSize()).toArray();
        return switch (random.nextInt(6)) {
            case 0 -> bits(session.append(ids));
            case 1 -> bits(session.prefill(ids));
            case 2 -> forked(session, ids, random);
            case 3 -> canceled(session, ids, random);
            default -> answers(session.generate(new int[][] {ids}, options(random), new GenerationListener() {
                @Override
                public boolean onToken(int row, int tokenId) {
                    sleep(sleeps);
                    return true;
                }
            }));
        };
    }

    /** Mostly not, at times for a moment, seldom for longer than a call keeps its memory between two steps. */
    private static void sleep(Random random) {
        int kind = random.nextInt(200);
        if (kind < 20) {
            LockSupport.parkNanos(kind == 0 ? 2 * MemoryQueue.REST_NANOS : random.nextInt(2_000_000));
        }
    }

    private static List<List<Object>> playTogether(Model model, long seed) throws Exception {
        return together(seed, random -> play(model, random));
    }

    private static List<List<Object>> together(long seed, Function<Random, List<Object>> play) throws Exception {
        CyclicBarrier start = new CyclicBarrier(NUM_THREADS);
        try (ExecutorService threads = Executors.newFixedThreadPool(NUM_THREADS)) {
            List<Callable<List<Object>>> calls = new ArrayList<>();
            for (int thread = 0; thread < NUM_THREADS; thread++) {
                Random random = new Random(seed * 100 + thread);
                calls.add(() -> {
                    start.await();
                    return play.apply(random);
                });
            }
            List<List<Object>> results = new ArrayList<>();
            for (Future<List<Object>> call : threads.invokeAll(calls)) {
                results.add(call.get());
            }
            return results;
        }
    }

    /** Random calls on one session; returns the bits of all that they give. */
    private static List<Object> play(Model model, Random random) {
        List<Object> results = new ArrayList<>();
        SessionOptions options = SessionOptions.defaults().withKvType(TYPES[random.nextInt(TYPES.length)])
                .withBlockSize(random.nextBoolean() ? 16 : 4).withMaxRewindTokens(9)
                .withWindow(random.nextInt(4) == 0 ? new KvWindow(7, 2) : KvWindow.NONE)
                .withPrefixReuse(random.nextBoolean());
        try (Session session = model.newSession(options)) {
            for (int call = 0; call < NUM_CALLS; call++) {
                if (session.size() > 40) {
                    session.reset();
                }
                results.add(call(model, session, random));
            }
        }
        return results;
    }

    private static Object call(Model model, Session session, Random random) {
        int[] ids = random.ints(1 + random.nextInt(9), 0, model.config().vocabSize()).toArray();
        return switch (random.nextInt(8)) {
            case 0 -> bits(session.append(ids));
            case 1 -> bits(session.prefill(ids));
            case 2 -> probed(session, ids);
            case 3 -> frozen(session, ids);
            case 4 -> forked(session, ids, random);
            case 5 -> canceled(session, ids, random);
            default -> answers(session.generate(new int[][] {ids}, options(random), GenerationListener.NONE));
        };
    }

    private static GenerationOptions options(Random random) {
        SamplingOptions sampling = random.nextBoolean()
                ? SamplingOptions.GREEDY
                : SamplingOptions.GREEDY.withTemperature(1.5).withTopK(random.nextInt(30)).withSeed(random.nextLong());
        return GenerationOptions.greedy(1 + random.nextInt(8)).withSampling(sampling)
                .withMaxDraftTokens(random.nextInt(4)).withPriority(random.nextInt(3));
    }

    private static List<?> answers(Generation generation) {
        return generation.rows();
    }

    private static Object frozen(Session session, int[] ids) {
        session.freeze();
        try {
            return bits(session.append(ids));
        } finally {
            session.unfreeze();
        }
    }

    private static Object forked(Session session, int[] ids, Random random) {
        try (Session fork = session.fork()) {
            return answers(fork.generate(new int[][] {ids},
                    options(random).withNumReturnSequences(1 + random.nextInt(3)), GenerationListener.NONE));
        }
    }

    /** Ends by its listener after some tokens: what was given out is what counts. */
    private static Object canceled(Session session, int[] ids, Random random) {
        int most = 1 + random.nextInt(4);
        List<Integer> seen = new ArrayList<>();
        GenerationListener listener = new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                seen.add(tokenId);
                return seen.size() < most;
            }
        };
        session.generate(new int[][] {ids}, options(random), listener);
        return seen;
    }

    /** With a probe that edits one activation and sees another. */
    private static Object probed(Session session, int[] ids) {
        List<Object> seen = new ArrayList<>();
        Probe probe = new Probe() {
            @Override
            public boolean wants(HookPoint point, int layer) {
                return point == HookPoint.RESID_POST || (point == HookPoint.Z && layer == 0);
            }

            @Override
            public boolean edits(HookPoint point, int layer) {
                return point == HookPoint.Z;
            }

            @Override
            public boolean edits() {
                return true;
            }

            @Override
            public @Nullable Tensor visit(HookName name, Tensor activation, StepSlots slots) {
                if (name.point() == HookPoint.Z) {
                    activation.set(0f, 0, 0, 0, 0);
                }
                seen.add(bits(activation));
                return null;
            }
        };
        try (Session.Scope _ = session.withProbe(probe)) {
            seen.add(bits(session.append(ids)));
        }
        return seen;
    }

    private static String bits(Tensor tensor) {
        return Arrays.toString(tensor.shape()) + Arrays.hashCode(tensor.toFloatArray());
    }
}
