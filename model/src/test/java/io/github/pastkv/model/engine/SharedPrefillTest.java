package io.github.pastkv.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Prefills that begin together and share a prefix: it is computed once, whichever comes first. */
class SharedPrefillTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int NUM_SHARED = 41;
    private static final int NUM_OWN = 5;
    private static final int NUM_SESSIONS = 6;

    private static int[] prompt(int session) {
        int[] ids = new Random(7).ints(NUM_SHARED + NUM_OWN, 0, 30).toArray();
        Arrays.fill(ids, NUM_SHARED, ids.length, 30 + session);
        return ids;
    }

    @Test
    void sharedPrefix_isComputedOnce_withTheBitsOfEachAlone() throws Exception {
        try (Model model = Model.load(LLAMA.folder(), ModelOptions.defaults().withMaxBatchTokens(4))) {
            List<List<Integer>> alone = new ArrayList<>();
            for (int session = 0; session < NUM_SESSIONS; session++) {
                alone.add(
                        generate(model, session, "alone " + session, new Cancellation()).rows().getFirst().tokenIds());
            }
            long before = model.engineStats().numTokens();
            List<Generation> together = together(model, "shared", Integer.MAX_VALUE);

            for (int session = 0; session < NUM_SESSIONS; session++) {
                assertThat(together.get(session).rows().getFirst().tokenIds()).isEqualTo(alone.get(session));
            }
            // decode computes one token less than it returns, for the last one is not appended
            assertThat(model.engineStats().numTokens() - before)
                    .isEqualTo(NUM_SHARED + NUM_SESSIONS * (NUM_OWN + 3L - 1));
        }
    }

    /**
     * The one that computes the prefix may be canceled: another goes on from what it has computed. On a busy machine
     * the canceling thread may run too late, after the last token; then all begin again with a prefix of their own.
     */
    @Test
    @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void canceledPrefill_isTakenOverByAnother() throws Exception {
        try (Model model = Model.load(LLAMA.folder(), ModelOptions.defaults().withMaxBatchTokens(1))) {
            List<Integer> alone = generate(model, 0, "alone", new Cancellation()).rows().getFirst().tokenIds();
            String salt = "shared";
            List<Generation> together = together(model, salt, 0);
            while (together.get(0).rows().getFirst().reason() == FinishReason.LENGTH) {
                salt += " again";
                together = together(model, salt, 0);
            }

            assertThat(together.get(0).rows().getFirst().reason()).isEqualTo(FinishReason.CANCELED);
            assertThat(together.subList(1, NUM_SESSIONS)).extracting(each -> each.rows().getFirst().reason())
                    .containsOnly(FinishReason.LENGTH);
            assertThat(generate(model, 0, salt, new Cancellation()).rows().getFirst().tokenIds()).isEqualTo(alone);
        }
    }

    /** A short prompt goes ahead of a longer one that waits for memory, though it could reuse what that computes. */
    @Test
    @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void prefillThatWaitsForMemory_isNotWaitedFor() throws Exception {
        int[] longPrompt = new Random(8).ints(60, 0, 30).toArray();
        int[] shortPrompt = Arrays.copyOf(longPrompt, NUM_SHARED);
        shortPrompt[NUM_SHARED - 1] = 31;
        SessionOptions options = SessionOptions.defaults().withBlockSize(4);
        try (Model model = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(1))) {
            SessionOptions tight = options.withMaxPoolBytes(blockBytes(model, options) * 100 / 4);
            CountDownLatch end = new CountDownLatch(1);
            Future<?> holding = start(() -> hold(model, tight, end));
            awaitTrue(() -> model.engineStats().numTokens() >= 48);
            Future<Generation> waiting = start(() -> generate(model, tight, longPrompt));
            awaitTrue(() -> model.engineStats().numWaiting() == 1);

            Generation ahead = generate(model, tight, shortPrompt);
            assertThat(waiting.isDone()).isFalse();
            end.countDown();
            holding.get();
            assertThat(ahead.rows()).isEqualTo(generate(model, options, shortPrompt).rows());
            assertThat(waiting.get().rows()).isEqualTo(generate(model, options, longPrompt).rows());
        }
    }

    /** Holds 48 tokens until the latch; nobody can take them, as tokens behind a probe are unknown. */
    private static @Nullable Void hold(Model model, SessionOptions options, CountDownLatch end) {
        GenerationListener blocking = new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                awaitTrue(() -> end.getCount() == 0);
                return true;
            }
        };
        try (Session session = model.newSession(options); Session.Scope _ = session.withProbe(onFirstVisit(() -> {}))) {
            session.generate(new int[][] {IntStream.range(0, 48).map(i -> i % 7).toArray()},
                    GenerationOptions.greedy(1), blocking);
        }
        return null;
    }

    private static <T> Future<T> start(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private static void awaitTrue(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    private static long blockBytes(Model model, SessionOptions options) {
        try (Session session = model.newSession(options.withPrefixReuse(false))) {
            session.append(1);
            return session.cache().cacheBytes();
        }
    }

    private static Generation generate(Model model, SessionOptions options, int[] prompt) {
        try (Session session = model.newSession(options)) {
            return session.generate(new int[][] {prompt}, GenerationOptions.greedy(3).ignoringEos(),
                    GenerationListener.NONE);
        }
    }

    /** What a hook would wait for may wait for the pass of the hook. */
    @Test
    @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void hookThatBeginsAPrefillThatIsUnderWay_isRefused() throws Exception {
        try (Model model = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(1));
                Session hooked = model.newSession()) {
            Thread other = new Thread(() -> generate(model, 0, "shared", new Cancellation()));
            try (Session.Scope _ = hooked.withProbe(onFirstVisit(() -> {
                other.start();
                while (other.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                generate(model, 1, "shared", new Cancellation());
            }))) {
                assertThatIllegalStateException().isThrownBy(() -> hooked.append(3))
                        .withMessageContaining("a hook cannot begin another");
            }
            other.join();
        }
    }

    private static Probe onFirstVisit(Runnable action) {
        return new Probe() {
            @Override
            public boolean wants(HookPoint point, int layer) {
                return true;
            }

            @Override
            public boolean edits(HookPoint point, int layer) {
                return false;
            }

            @Override
            public boolean edits() {
                return false;
            }

            @Override
            public @Nullable Tensor visit(HookName name, Tensor activation, StepSlots slots) {
                action.run(); // and throws
                return null;
            }
        };
    }

    /** Generates in all sessions at once; cancels one of them as soon as anything is computed. */
    private static List<Generation> together(Model model, String salt, int canceled) throws Exception {
        CyclicBarrier start = new CyclicBarrier(NUM_SESSIONS);
        long before = model.engineStats().numTokens();
        List<Callable<Generation>> calls =
                IntStream.range(0, NUM_SESSIONS).mapToObj(session -> (Callable<Generation>) () -> {
                    Cancellation cancellation = new Cancellation();
                    start.await();
                    if (session == canceled) {
                        Thread.ofPlatform().start(() -> {
                            while (model.engineStats().numTokens() == before) {
                                Thread.onSpinWait();
                            }
                            cancellation.cancel();
                        });
                    }
                    return generate(model, session, salt, cancellation);
                }).toList();
        try (ExecutorService threads = Executors.newFixedThreadPool(NUM_SESSIONS)) {
            List<Generation> generations = new ArrayList<>();
            for (Future<Generation> call : threads.invokeAll(calls)) {
                generations.add(call.get());
            }
            return generations;
        }
    }

    private static Generation generate(Model model, int session, String salt, Cancellation cancellation) {
        try (Session own = model.newSession(SessionOptions.defaults().withPrefixSalt(salt))) {
            return own.generate(new int[][] {prompt(session)},
                    GenerationOptions.greedy(3).ignoringEos().withCancellation(cancellation), GenerationListener.NONE);
        }
    }
}
