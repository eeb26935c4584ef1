package io.github.pastkv.model.generation;

import org.jspecify.annotations.Nullable;

/**
 * Cancels a generation from any thread, within one step: all its rows end with {@link FinishReason#CANCELLED}, and the
 * session stays usable. For one generation at a time; stays cancelled.
 */
public final class Cancellation {
    private volatile boolean cancelled;
    private volatile @Nullable Runnable onCancel;

    /** A handle for one generation, not cancelled. */
    public Cancellation() {}

    /** Cancels the generation; one that has not begun yet ends as soon as it begins. */
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

    @Override
    public String toString() {
        return "Cancellation[" + (cancelled ? "cancelled" : "not cancelled") + "]";
    }

    /** Sets the action to run on cancellation, on the cancelling thread; null for none. */
    public void onCancel(@Nullable Runnable action) {
        onCancel = action;
    }
}
