package io.github.pastkv.model;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets one call of a session run at a time; a second one, from any thread, is rejected and does not wait. */
final class SessionLock {
    /** Who uses the session: a call that is running, or a stream that a call has returned. */
    private record Use(Thread thread, boolean byStream) {}

    private final AtomicReference<@Nullable Use> use = new AtomicReference<>();

    /** Runs a call exclusively: calls from other threads, and from its own hooks and listeners, are rejected. */
    <T> T exclusively(Supplier<T> call) {
        acquire(false);
        try {
            return call.get();
        } finally {
            release();
        }
    }

    /** Runs a call that returns a stream: the session is free when the stream runs the action it was given. */
    <T> T untilReleased(Function<Runnable, T> call) {
        acquire(true);
        try {
            return call.apply(this::release);
        } catch (RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    private void acquire(boolean byStream) {
        requireUnusedBy(use.compareAndExchange(null, new Use(Thread.currentThread(), byStream)));
    }

    private void release() {
        use.set(null);
    }

    /** Rejects the caller while a call is running. */
    void requireUnused() {
        requireUnusedBy(use.get());
    }

    private static void requireUnusedBy(@Nullable Use use) {
        if (use == null) {
            return;
        }
        String user = use.thread.equals(Thread.currentThread()) ? "this thread" : "thread " + use.thread.getName();
        throw new IllegalStateException("this session is in use by " + user + (use.byStream
                ? ", which has an open stream of it: read the stream to its end or close it first"
                : ": a listener or hook cannot use the session that calls it, nor can two threads at a time"));
    }
}
