package io.github.pastkv.serve.run;

import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Generates from random tokens before the first request, so that the JVM has compiled the code by then: without it the
 * first prompts take several times as long. One session computes longer and longer prompts and decodes after them;
 * another decodes beside it, so that passes hold chunks of all sizes. Nothing of it stays in the prefix cache.
 */
final class WarmUp {
    private static final int FIRST_LONG_TOKENS = 256; // doubled from one prompt to the next
    private static final int MAX_LONG_TOKENS = 2560; // long pasts are attended to in other ways than short ones
    private static final int NUM_LATE_TOKENS = 16; // generated after a long prompt
    private static final double SETTLED = 0.95; // of the time of the fastest before
    private static final int MAX_SHORT_TOKENS = 64; // of a short prompt, and generated after it

    private final ServedModel model;
    private final SessionOptions options;
    private final int room; // of one session, so that both fit into the cache
    private final long deadlineNanos;
    private final Random random = new Random(1);
    private volatile boolean isOver;

    private WarmUp(ServedModel model, SessionOptions options, Duration duration) {
        this.model = model;
        this.options = options.withPrefixReuse(false);
        this.room = Math.max(2, model.contextLength() / 2);
        this.deadlineNanos = System.nanoTime() + duration.toNanos();
    }

    /** Runs for about {@code duration} at most, until prompts take no less time any more; zero is not at all. */
    static void run(ServedModel model, SessionOptions options, Duration duration) {
        if (duration.isZero()) {
            return;
        }
        WarmUp warmUp = new WarmUp(model, options, duration);
        List<Callable<Boolean>> sessions = List.of(warmUp::generateLong, warmUp::generateShort);
        try (ExecutorService threads = Executors.newFixedThreadPool(sessions.size())) {
            for (Future<Boolean> each : threads.invokeAll(sessions)) {
                each.get();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the server starts without
        } catch (ExecutionException e) {
            throw new IllegalStateException("model " + model.name() + ": its first passes failed: " + e.getCause(), e);
        }
    }

    private boolean generateLong() {
        int numNew = Math.min(NUM_LATE_TOKENS, room / 2);
        int longest = Math.min(MAX_LONG_TOKENS, room - numNew);
        int next = Math.min(FIRST_LONG_TOKENS, longest);
        double fastestNanos = Double.MAX_VALUE; // of the longest prompts
        boolean becomesFaster = true;
        try {
            do { // at least once, on a slow machine too
                long start = System.nanoTime();
                int length = next;
                generate(length, numNew);
                double nanos = System.nanoTime() - start;
                if (length == longest) {
                    becomesFaster = nanos < SETTLED * fastestNanos;
                    fastestNanos = Math.min(fastestNanos, nanos);
                }
                next = Math.min(2 * length, longest);
            } while (becomesFaster && System.nanoTime() < deadlineNanos);
        } finally {
            isOver = true;
        }
        return true;
    }

    private boolean generateShort() {
        int numTokens = Math.min(MAX_SHORT_TOKENS, room / 2);
        do {
            generate(numTokens, numTokens);
        } while (!isOver);
        return true;
    }

    private void generate(int numTokens, int numNew) {
        int[] prompt = random.ints(numTokens, 0, model.model().config().vocabSize()).toArray();
        GenerationOptions generation = GenerationOptions.greedy(numNew).ignoringEos();
        try (Session session = model.model().newSession(options)) {
            List<?> _ = session.generate(new int[][] {prompt}, generation, GenerationListener.NONE).rows();
        }
    }
}
