package io.github.pastkv.model;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * Something that a thread of its own makes while the caller goes on.
 *
 * @param <T> what is made
 */
final class Background<T> {
    private final FutureTask<T> task;

    private Background(FutureTask<T> task) {
        this.task = task;
    }

    /** Begins. */
    static <T> Background<T> start(String thread, Callable<T> maker) {
        FutureTask<T> task = new FutureTask<>(maker);
        Thread.ofPlatform().daemon().name(thread).start(task);
        return new Background<>(task);
    }

    /** Waits for it; what it threw is thrown. An interrupt does not end the wait, and is kept. */
    T get() throws IOException {
        boolean isInterrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    isInterrupted = true;
                } catch (ExecutionException e) {
                    throw thrown(Objects.requireNonNullElse(e.getCause(), e));
                }
            }
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException thrown(Throwable cause) {
        return switch (cause) {
            case IOException checked -> checked;
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> throw new IllegalStateException(cause);
        };
    }

    /** Waits, and gives what was made to {@code closer}; nothing if that failed. */
    void discard(Consumer<T> closer) {
        try {
            closer.accept(get());
        } catch (IOException | RuntimeException | Error _) {
            // The failure that led here counts.
        }
    }
}
