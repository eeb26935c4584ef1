package io.github.pastkv.model.engine;

import io.github.pastkv.model.generation.ComputeShare;
import io.github.pastkv.model.generation.GenerationOptions;
import org.jspecify.annotations.Nullable;

/**
 * Whose steps a group's are: the generation under way, if there is one, with its priority and whether it was canceled
 * or interrupted, and how fast the caller comes back with its next step.
 */
final class Caller {
    private volatile @Nullable GenerationOptions generating;
    private volatile boolean interrupted;

    // Guarded by the engine's lock.
    private long leftAt;
    private boolean comesBackSoon = true;

    void begin(GenerationOptions options) {
        interrupted = false;
        generating = options;
    }

    /** The options of the generation that has ended; null if none was under way. */
    @Nullable
    GenerationOptions end() {
        GenerationOptions options = generating;
        generating = null;
        return options;
    }

    /** Whether a generation is under way, which an interrupt of the thread ends. */
    boolean isGenerating() {
        return generating != null;
    }

    int priority() {
        GenerationOptions options = generating;
        return options == null ? 0 : options.priority();
    }

    /** Counts the tokens of its steps. */
    ComputeShare share() {
        GenerationOptions options = generating;
        return options == null ? ComputeShare.COMMON : options.share();
    }

    /** The thread was interrupted, which ends a generation. */
    void interrupt() {
        interrupted = true;
    }

    boolean isCanceled() {
        GenerationOptions options = generating;
        return options != null && (interrupted || options.cancellation().isCanceled());
    }

    void leftAt(long nanos) {
        leftAt = nanos;
    }

    void backAt(long nanos, long soonNanos) {
        comesBackSoon = leftAt == 0 || nanos - leftAt <= soonNanos;
    }

    boolean hasBeenAwayFor(long nanos, long now) {
        return now - leftAt >= nanos;
    }

    boolean comesBackSoon() {
        return comesBackSoon;
    }
}
