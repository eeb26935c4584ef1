package io.github.pastkv.springai;

import io.github.pastkv.model.generation.Cancellation;
import java.util.HashSet;
import java.util.Set;

/** The generations that run now, so that closing can end them. Safe for any number of threads. */
final class RunningCalls {
    private final Set<Cancellation> running = new HashSet<>();
    private boolean isClosed;

    /**
     * Notes that a generation begins.
     *
     * @throws IllegalStateException if this is closed
     */
    synchronized void begin(Cancellation cancellation) {
        if (isClosed) {
            throw new IllegalStateException("chat model: is closed");
        }
        running.add(cancellation);
    }

    synchronized void end(Cancellation cancellation) {
        running.remove(cancellation);
        notifyAll();
    }

    synchronized int count() {
        return running.size();
    }

    synchronized boolean isClosed() {
        return isClosed;
    }

    /** Cancels all, and waits until they have ended, which takes at most one step of each. */
    void close() {
        for (Cancellation cancellation : closeAndList()) {
            cancellation.cancel();
        }
        awaitNone();
    }

    private synchronized Set<Cancellation> closeAndList() {
        isClosed = true;
        return Set.copyOf(running);
    }

    private synchronized void awaitNone() {
        boolean isInterrupted = false;
        while (!running.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException _) {
                isInterrupted = true; // the model must not be closed below a step
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
