package io.github.pastkv.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Generations that fail, are canceled or are preempted change nothing for others, and leave their sessions usable. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class EngineFailureTest {
    private static final GoldenModel LLAMA = GoldenModel.of("llama");
    private static final int BLOCK_SIZE = 4;
    private static final GenerationOptions TWENTY = GenerationOptions.greedy(20);

    @AutoClose private Model model;
    private List<Integer> expected;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(1));
        try (Session session = model.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            expected = generate(session, TWENTY, GenerationListener.NONE).tokenIds();
        }
    }

    private static GeneratedRow generate(Session session, GenerationOptions options, GenerationListener listener) {
        return session.generate(new int[][] {LLAMA.tokens()}, options, listener).rows().getFirst();
    }

    private static GenerationListener onToken(Runnable action) {
        return new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                action.run();
                return true;
            }
        };
    }

    /** Afterward a session must go on as one to which nothing has happened. */
    private void requireUsable(Session session) {
        session.reset();
        assertThat(generate(session, TWENTY, GenerationListener.NONE).tokenIds()).isEqualTo(expected);
        session.cache().checkIntegrity();
    }

    @Test
    void cancellation_fromTheListener_endsWithinAStep() {
        Cancellation cancellation = new Cancellation();
        try (Session session = model.newSession()) {
            GeneratedRow row =
                    generate(session, TWENTY.withCancellation(cancellation), onToken(cancellation::cancel));
            assertThat(row.reason()).isEqualTo(FinishReason.CANCELED);
            assertThat(row.tokenIds()).isEqualTo(expected.subList(0, 1));
            requireUsable(session);
        }
    }

    @Test
    void cancellation_beforeTheStart_readsNothing() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        try (Session session = model.newSession()) {
            GeneratedRow row = generate(session, TWENTY.withCancellation(cancellation), GenerationListener.NONE);
            assertThat(row.reason()).isEqualTo(FinishReason.CANCELED);
            assertThat(session.size()).isZero();
            requireUsable(session);
        }
    }

    @Test
    void interrupt_endsTheGeneration_andStaysSet() {
        try (Session session = model.newSession()) {
            GeneratedRow row = generate(session, TWENTY, onToken(() -> Thread.currentThread().interrupt()));
            assertThat(Thread.interrupted()).isTrue();
            assertThat(row.reason()).isEqualTo(FinishReason.CANCELED);
            assertThat(row.tokenIds()).isEqualTo(expected.subList(0, row.tokenIds().size()));
            assertThat(row.tokenIds().size()).isLessThanOrEqualTo(2);
            requireUsable(session);
        }
    }

    @Test
    void listenerThatUsesItsSession_isRefused() {
        try (Session session = model.newSession()) {
            List<Runnable> uses = List.of(() -> session.append(3), () -> session.prefill(3), session::reset,
                    () -> session.rewind(1), session::fork, session::freeze, session::close,
                    () -> generate(session, TWENTY, GenerationListener.NONE));
            for (Runnable use : uses) {
                session.reset();
                assertThatIllegalStateException().isThrownBy(() -> generate(session, TWENTY, onToken(use)))
                        .withMessageContaining("in use by this thread");
            }
            requireUsable(session);
        }
    }

    @Test
    void anotherThread_isRefusedWithTheNameOfTheUser() throws Exception {
        try (Session session = model.newSession(); ExecutorService other = Executors.newSingleThreadExecutor()) {
            generate(session, GenerationOptions.greedy(1), onToken(() -> {
                Future<?> call = other.submit(() -> session.append(3));
                assertThatThrownBy(call::get).hasRootCauseInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("in use by thread " + Thread.currentThread().getName());
            }));
            requireUsable(session);
        }
    }

    @Test
    void listenerMayUseAnotherSession_andClosedModelsSaySo() {
        try (Session session = model.newSession(); Session other = model.newSession()) {
            assertThat(generate(session, TWENTY, onToken(() -> other.append(3))).tokenIds()).isEqualTo(expected);
            assertThat(other.size()).isEqualTo(20);
            model.close();
            assertThatIllegalStateException().isThrownBy(() -> session.append(3))
                    .withMessageContaining("the model is closed");
        }
    }

    @Test
    void failuresOfOthers_changeNothing() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Callable<String>> calls = new ArrayList<>();
            for (int good = 0; good < 3; good++) {
                calls.add(() -> onNewSession(session -> generate(session, TWENTY, GenerationListener.NONE)));
            }
            calls.add(() -> onNewSession(session -> generate(session, TWENTY, onToken(() -> {
                throw new ArithmeticException("listener");
            }))));
            calls.add(() -> onNewSession(session -> generate(session, TWENTY,
                    onToken(() -> Thread.currentThread().interrupt()))));
            calls.add(() -> onNewSession(session -> {
                Cancellation cancellation = new Cancellation();
                return generate(session, TWENTY.withCancellation(cancellation), onToken(cancellation::cancel));
            }));
            List<Future<String>> results = threads.invokeAll(calls);
            for (int good = 0; good < 3; good++) {
                assertThat(results.get(good).get()).isEqualTo(expected.toString());
            }
            assertThat(results.get(3).get()).isEqualTo("listener");
        }
    }

    private String onNewSession(java.util.function.Function<Session, GeneratedRow> call) {
        try (Session session = model.newSession()) {
            return call.apply(session).tokenIds().toString();
        } catch (ArithmeticException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Steps in a pass end with it; what waits is refused; nothing writes to a freed block. */
    @Test
    void modelThatIsClosedUnderRunningSessions_endsThemAll() throws Exception {
        for (int round = 0; round < 20; round++) {
            Model closing = Model.load(LLAMA.folder(), ModelOptions.defaults().withNumThreads(1).withMaxBatchTokens(3));
            CountDownLatch running = new CountDownLatch(8);
            try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
                List<Future<?>> calls = new ArrayList<>();
                for (int thread = 0; thread < 8; thread++) {
                    calls.add(threads.submit(() -> generateUntilClosed(closing, running)));
                }
                running.await();
                closing.close();
                for (Future<?> call : calls) {
                    call.get();
                }
            }
        }
    }

    private void generateUntilClosed(Model closing, CountDownLatch running) {
        try (Session session = closing.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            for (boolean counted = false; true; counted = true) {
                assertThat(generate(session, TWENTY, GenerationListener.NONE).tokenIds()).isEqualTo(expected);
                if (!counted) {
                    running.countDown();
                }
                session.reset();
            }
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("the model is closed");
        }
    }

    /** Each alone fits into the pool, all together do not. */
    @Test
    void generationsThatDoNotFitTogether_equalEachAlone() throws Exception {
        SessionOptions tight = tight(LLAMA.tokens().length + 24);
        CountDownLatch started = new CountDownLatch(3);
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Callable<List<Integer>>> calls = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                GenerationOptions options = TWENTY.withPriority(thread % 2).withMaxDraftTokens(thread);
                calls.add(() -> {
                    try (Session session = model.newSession(tight)) {
                        started.countDown();
                        started.await();
                        return generate(session, options, GenerationListener.NONE).tokenIds();
                    }
                });
            }
            for (Future<List<Integer>> call : threads.invokeAll(calls)) {
                assertThat(call.get()).isEqualTo(expected);
            }
        }
    }

    /** With nobody to preempt, what does not fit fails, as ever. */
    @Test
    void generationThatDoesNotFitAlone_fails() {
        try (Session session = model.newSession(tight(LLAMA.tokens().length + 4))) {
            assertThatThrownBy(() -> generate(session, TWENTY, GenerationListener.NONE))
                    .isInstanceOf(PoolExhaustedException.class);
        }
    }

    private SessionOptions tight(int numTokens) {
        SessionOptions options = SessionOptions.defaults().withBlockSize(BLOCK_SIZE);
        try (Session session = model.newSession(options.withPrefixReuse(false))) {
            session.append(1);
            long blockBytes = session.cache().cacheBytes();
            return options.withMaxPoolBytes(blockBytes * Math.ceilDiv(numTokens, BLOCK_SIZE));
        }
    }
}
