package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Sessions that one thread closes or changes, or whose cache it closes, while another computes with them: the change is
 * refused, or the work ends with a message; other sessions keep their bits.
 */
@Tag("stress")
class ClosedUnderneathStressTest {
    private static final int NUM_SESSIONS = 60 * Integer.getInteger("pastkv.test.scale", 1);
    private static final long SEED = Long.getLong("pastkv.stress.seed", 20261202);
    private static final int[] TEXT = {5, 6, 7, 8, 9, 10, 11};
    private static final int MAX_STEPS = 400;

    private static final Map<String, Consumer<Session>> CHANGES = new TreeMap<>(Map.of(
            "close", Session::close, "cache.close", session -> session.cache().close(), "reset", Session::reset,
            "freeze", Session::freeze, "unfreeze", Session::unfreeze, "fork", session -> session.fork().close(),
            "rewind", session -> session.rewind(1), "prefill", session -> session.prefill(3)));

    @AutoClose private Model model;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(GoldenFiles.path("hf/llama"),
                ModelOptions.defaults().withKernels("scalar").withNumThreads(2));
    }

    @Test
    @Timeout(1200)
    void changeUnderAStep_isRefused_orEndsIt() throws InterruptedException {
        Random random = new Random(SEED);
        float[] expected = logits();
        List<String> names = List.copyOf(CHANGES.keySet());
        for (int i = 0; i < NUM_SESSIONS; i++) {
            String name = names.get(i % names.size());
            change(name, 1 + random.nextInt(5), random.nextBoolean());
            assertThat(logits()).as("after %s", name).isEqualTo(expected);
        }
    }

    private float[] logits() {
        try (Session session = model.newSession(SessionOptions.defaults().withPrefixReuse(false))) {
            return session.append(TEXT).toFloatArray();
        }
    }

    /** Has another thread compute, and makes the change when that thread has begun {@code numSteps} steps. */
    private void change(String name, int numSteps, boolean reuses) throws InterruptedException {
        List<Throwable> thrown = new ArrayList<>();
        AtomicReference<Throwable> fromWork = new AtomicReference<>();
        Semaphore begun = new Semaphore(0);
        Session session = model.newSession(SessionOptions.defaults().withPrefixReuse(reuses));
        Thread worker = Thread.ofPlatform().start(() -> work(session, begun, fromWork));
        try {
            begun.acquire(numSteps);
            CHANGES.get(name).accept(session);
        } catch (RuntimeException e) {
            thrown.add(e);
        }
        worker.interrupt();
        worker.join(TimeUnit.MINUTES.toMillis(5));
        assertThat(worker.isAlive()).as(name).isFalse();
        if (fromWork.get() != null) {
            thrown.add(fromWork.get());
        }
        for (Throwable e : thrown) {
            assertThat(e).as("seed %d: %s at step %d", SEED, name, numSteps)
                    .isInstanceOfAny(IllegalStateException.class, IllegalArgumentException.class);
            assertThat(e.getMessage()).as(name).isNotBlank();
        }
        session.close();
    }

    private static void work(Session session, Semaphore begun, AtomicReference<Throwable> thrown) {
        try {
            for (int step = 0; step < MAX_STEPS && !Thread.currentThread().isInterrupted(); step++) {
                begun.release();
                session.prefill(TEXT);
                session.rewind(TEXT.length);
            }
        } catch (RuntimeException | Error e) {
            thrown.set(e);
        } finally {
            begun.release(MAX_STEPS);
        }
    }
}
