package io.github.pastkv.serve.run;

import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Generates from random tokens before the first request, alone and in joint passes, so that the JVM has compiled the
 * code by then: without it the first prompts take several times as long. Nothing of it stays in the prefix cache.
 */
final class WarmUp {
    private static final int NUM_SESSIONS = 2;
    private static final int MAX_PROMPT_TOKENS = 1024; // long ones reach attention over several chunks
    private static final int NUM_NEW_TOKENS = 8;

    private final ServedModel model;
    private final SessionOptions options;
    private final long deadlineNanos;

    private WarmUp(ServedModel model, SessionOptions options, Duration duration) {
        this.model = model;
        this.options = options.withPrefixReuse(false);
        this.deadlineNanos = System.nanoTime() + duration.toNanos();
    }

    /** Runs for about {@code duration}; zero is not at all. */
    static void run(ServedModel model, SessionOptions options, Duration duration) {
        if (duration.isZero()) {
            return;
        }
        WarmUp warmUp = new WarmUp(model, options, duration);
        Callable<Boolean> rounds = warmUp::generate;
        try (ExecutorService threads = Executors.newFixedThreadPool(NUM_SESSIONS)) {
            for (Future<Boolean> each : threads.invokeAll(Collections.nCopies(NUM_SESSIONS, rounds))) {
                each.get();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the server starts without
        } catch (ExecutionException e) {
            throw new IllegalStateException("model " + model.name() + ": its first passes failed: " + e.getCause(), e);
        }
    }

    private boolean generate() {
        Random random = new Random(1);
        int longest = Math.clamp(model.contextLength() / (2 * NUM_SESSIONS) - NUM_NEW_TOKENS, 1, MAX_PROMPT_TOKENS);
        GenerationOptions generation = GenerationOptions.greedy(NUM_NEW_TOKENS).ignoringEos();
        do { // at least once, on a slow machine too
            int[] prompt = random.ints(1 + random.nextInt(longest), 0, model.model().config().vocabSize()).toArray();
            try (Session session = model.model().newSession(options)) {
                List<?> _ = session.generate(new int[][] {prompt}, generation, GenerationListener.NONE).rows();
            }
        } while (System.nanoTime() < deadlineNanos);
        return true;
    }
}
