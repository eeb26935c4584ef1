package io.github.pastkv.model;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets one call of a session run at a time; a second one, from any thread, is rejected and does not wait. */
final class SessionLock {
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

    /** Runs a call exclusively: calls from other threads, and from its own hooks and listeners, are rejected. */
    <T> T exclusively(Supplier<T> call) {
        acquire();
        try {
            return call.get();
        } finally {
            release();
        }
    }

    /** Runs a call whose result is in use for longer: the session is free when it runs the action it was given. */
    <T> T untilReleased(Function<Runnable, T> call) {
        acquire();
        try {
            return call.apply(this::release);
        } catch (RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    private void acquire() {
        requireUnusedBy(user.compareAndExchange(null, Thread.currentThread()));
    }

    private void release() {
        user.set(null);
    }

    /** Rejects the caller while a call is running. */
    void requireUnused() {
        requireUnusedBy(user.get());
    }

    private static void requireUnusedBy(@Nullable Thread thread) {
        if (Thread.currentThread().equals(thread)) {
            throw new IllegalStateException("this session is in use by this thread: close its open stream first; a"
                    + " listener or hook cannot use the session that calls it");
        }
        if (thread != null) {
            throw new IllegalStateException("this session is in use by thread " + thread.getName());
        }
    }
}
