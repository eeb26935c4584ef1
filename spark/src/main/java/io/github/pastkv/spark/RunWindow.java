package io.github.pastkv.spark;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskKilledException;

/**
 * Runs the calls of an iterator on some threads, and returns their results in order. Calls are taken from the iterator
 * by the thread that reads this one; at most twice as many are taken as run at once. For one thread.
 *
 * @param <R> type of the results
 */
final class RunWindow<R> implements Iterator<R>, AutoCloseable {
    private static final long MAX_WAIT_MILLIS = 100;

    private final Iterator<? extends Callable<R>> calls;
    private final int maxTaken;
    private final ExecutorService threads;
    private final BooleanSupplier isKilled;
    private final Queue<Future<R>> taken = new ArrayDeque<>();

    /** @param isKilled asked now and then whether to end */
    RunWindow(Iterator<? extends Callable<R>> calls, int maxRunning, BooleanSupplier isKilled) {
        this.calls = calls;
        this.maxTaken = 2 * maxRunning;
        this.isKilled = isKilled;
        this.threads = Executors.newFixedThreadPool(maxRunning,
                Thread.ofPlatform().daemon().name("pastkv-row-", 0).factory());
    }

    @Override
    public boolean hasNext() {
        return !taken.isEmpty() || calls.hasNext();
    }

    @Override
    public R next() {
        while (taken.size() < maxTaken && calls.hasNext()) {
            taken.add(threads.submit(calls.next()));
        }
        Future<R> first = taken.poll();
        if (first == null) {
            throw new NoSuchElementException();
        }
        return result(first);
    }

    private R result(Future<R> call) {
        while (true) {
            try {
                return call.get(MAX_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException _) {
                if (isKilled.getAsBoolean()) {
                    throw new TaskKilledException("while rows were running");
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                throw new TaskKilledException("interrupted");
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw new IllegalStateException(cause.getMessage(), cause);
            }
        }
    }

    /** Ends the threads; returns when none runs any more, which what they call must allow within bounds. */
    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
