package io.github.pastkv.model.generation;

import org.jspecify.annotations.Nullable;

/**
 * Cancels a generation from any thread, within one step: all its rows end with {@link FinishReason#CANCELED}, and the
 * session stays usable. For one generation at a time; stays canceled.
 */
public final class Cancellation {
    private volatile boolean canceled;
    private volatile @Nullable Runnable onCancel;

    /** A handle for one generation, not canceled. */
    public Cancellation() {}

    /** Cancels the generation; one that has not begun yet ends as soon as it begins. */
    public void cancel() {
        canceled = true;
        Runnable action = onCancel;
        if (action != null) {
            action.run();
        }
    }

    public boolean isCanceled() {
        return canceled;
    }

    @Override
    public String toString() {
        return "Cancellation[" + (canceled ? "canceled" : "not canceled") + "]";
    }

    /** Sets the action to run on cancellation, on the canceling thread; null for none. */
    public void onCancel(@Nullable Runnable action) {
        onCancel = action;
    }
}
