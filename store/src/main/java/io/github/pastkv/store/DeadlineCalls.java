package io.github.pastkv.store;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Calls of a server that may be slow or gone, for tiers over a network. No call takes longer than the deadline,
 * whatever the server does: each runs on a virtual thread, which is interrupted at the deadline, and that closes the
 * socket on which it waits.
 *
 * <p>After a call that failed, all others fail at once for a pause, which doubles with each failure in a row, so that a
 * server that is gone costs one deadline each time it is tried and not one for each call. One call tries it when the
 * pause is over; an answer ends the pauses. Safe for any number of threads.
 */
public final class DeadlineCalls implements AutoCloseable {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final String name;
    private final Duration deadline;
    private final long firstPauseNanos;
    private final Semaphore places;
    private final ExecutorService threads;
    private final AtomicLong pausedUntil = new AtomicLong(); // nanoTime, valid while pauseNanos > 0
    private volatile long pauseNanos;
    private long failedAt; // nanoTime, under this, valid while pauseNanos > 0
    private volatile String lastFailure = "";
    private volatile boolean closed;

    /**
     * Calls of a server.
     *
     * @param name of the tier, for reasons
     * @param deadline longest time of a call, with its wait for a place
     * @param maxConcurrent calls at the same time; others wait for a place
     */
    public DeadlineCalls(String name, Duration deadline, int maxConcurrent) {
        this(name, deadline, maxConcurrent, FIRST_PAUSE);
    }

    /** The same with another first pause, for tests. */
    public DeadlineCalls(String name, Duration deadline, int maxConcurrent, Duration firstPause) {
        if (deadline.isNegative() || deadline.isZero()) {
            throw new IllegalArgumentException("deadline: " + deadline.toMillis() + " ms, must be positive");
        }
        this.name = name;
        this.deadline = deadline;
        this.firstPauseNanos = firstPause.toNanos();
        this.places = new Semaphore(maxConcurrent);
        this.threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("pastkv-tier-call").factory());
    }

    /** Longest time of a call. */
    public Duration deadline() {
        return deadline;
    }

    /**
     * What a call returns.
     *
     * @throws TierUnavailableException when it failed, took too long, or the server is given a pause
     */
    public <T> T call(Callable<T> call) throws TierUnavailableException {
        requireOpen();
        long start = System.nanoTime();
        boolean hasPlace = false;
        try {
            hasPlace = places.tryAcquire(deadline.toNanos(), TimeUnit.NANOSECONDS);
            if (!hasPlace) {
                throw new TierUnavailableException(name + " is busy for " + deadline.toMillis() + " ms");
            }
            return await(submit(call), start);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TierUnavailableException(name + ": interrupted");
        } finally {
            if (hasPlace) {
                places.release();
            }
        }
    }

    private <T> T await(Future<T> future, long start) throws TierUnavailableException, InterruptedException {
        try {
            T result = future.get(deadline.toNanos() - (System.nanoTime() - start), TimeUnit.NANOSECONDS);
            pauseNanos = 0;
            return result;
        } catch (TimeoutException e) {
            throw failure(start, "no answer within " + deadline.toMillis() + " ms");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TierUnavailableException refused) { // an answer
                pauseNanos = 0;
                throw refused;
            }
            throw failure(start, String.valueOf(e.getCause()));
        } finally {
            future.cancel(true);
        }
    }

    private <T> Future<T> submit(Callable<T> call) throws TierUnavailableException {
        try {
            return threads.submit(call);
        } catch (RejectedExecutionException e) {
            throw new TierUnavailableException(name + ": the tier is closed");
        }
    }

    /** Begins a pause; calls that were under way together when it began are one failure. */
    private synchronized TierUnavailableException failure(long start, String reason) {
        lastFailure = reason;
        if (pauseNanos == 0 || start - failedAt > 0) {
            failedAt = System.nanoTime();
            long pause = Math.min(LONGEST_PAUSE.toNanos(), Math.max(firstPauseNanos, 2 * pauseNanos));
            pausedUntil.set(failedAt + pause);
            pauseNanos = pause;
        }
        return new TierUnavailableException(name + ": " + reason);
    }

    /** Fails during a pause, but for the one call that ends it. */
    private void requireOpen() throws TierUnavailableException {
        if (closed) {
            throw new TierUnavailableException(name + ": the tier is closed");
        }
        if (pauseNanos == 0) {
            return;
        }
        long until = pausedUntil.get();
        long now = System.nanoTime();
        if (now - until < 0 || !pausedUntil.compareAndSet(until, now + deadline.toNanos())) {
            throw new TierUnavailableException(name + " is not asked for a while after: " + lastFailure);
        }
    }

    /** Ends calls that run. Later ones fail. */
    @Override
    public void close() {
        closed = true;
        threads.shutdownNow();
    }
}
