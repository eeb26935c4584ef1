package io.github.pastkv.model.generation;

import org.jspecify.annotations.Nullable;

/**
 * Ends a generation from any thread, within one step: all its rows end as {@link FinishReason#CANCELLED}, and the
 * session can be used on. For one generation at a time; stays cancelled.
 */
public final class Cancellation {
    private volatile boolean cancelled;
    private volatile @Nullable Runnable onCancel;

    /** A handle for one generation, not cancelled. */
    public Cancellation() {}

    /** Ends the generation; one that has not begun yet ends at once when it does. */
    public void cancel() {
        cancelled = true;
        Runnable action = onCancel;
        if (action != null) {
            action.run();
        }
    }

    public boolean isCancelled() {
        return cancelled;
    }

    /** Runs {@code action} whenever it is cancelled from now on, on the cancelling thread; null for none. */
    public void onCancel(@Nullable Runnable action) {
        onCancel = action;
    }
}
