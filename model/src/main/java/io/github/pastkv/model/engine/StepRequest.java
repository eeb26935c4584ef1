package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.Tensor;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * A step of one group in the engine, and its progress. All but the first few fields are guarded by the engine's lock.
 */
final class StepRequest {
    final Caller caller;
    final KvStep step;
    final PackedInput input;
    final LayerRope rope;
    final @Nullable Probe probe;
    final Condition changed;

    int[] logitTokens = {}; // ascending
    int numLogits;
    @Nullable Tensor logits; // [numLogits, V]
    int stopLayer;
    @Nullable Tensor residualOut; // [T, E]

    /** Order in which the requests of an engine came. */
    long arrival;

    /** Tokens and logits computed so far, and the tokens of the current pass. */
    int numComputed;
    int numLogitsComputed;
    private int numScheduled;
    private boolean inPass;
    private long shareTokens; // when the next pass is scheduled: other models may add to it meanwhile

    private boolean done;
    private boolean canceled;
    private boolean interrupted;
    private @Nullable Throwable failure;

    StepRequest(Caller caller, KvStep step, PackedInput input, LayerRope rope, @Nullable Probe probe,
            Condition changed) {
        this.caller = caller;
        this.step = step;
        this.input = input;
        this.rope = rope;
        this.probe = probe;
        this.changed = changed;
    }

    int numTokensLeft() {
        return step.numTokens() - numComputed;
    }

    /** Number of logits of the first {@code numTokens} remaining tokens. */
    int numLogitsOf(int numTokens) {
        int end = numLogitsComputed;
        while (end < numLogits && logitTokens[end] < numComputed + numTokens) {
            end++;
        }
        return end - numLogitsComputed;
    }

    /** Whether it needs a separate pass on its caller's thread, because of hooks or a partial run of the model. */
    boolean runsAlone() {
        return probe != null || input.tokenIds() == null || residualOut != null;
    }

    /** Whether few tokens per row remain, as in decode; such requests come before chunks of long prompts. */
    boolean isDecode() {
        return numTokensLeft() <= Scheduler.MAX_DECODE_TOKENS * step.numRows();
    }

    /** Reads the count of its share, so that it stays the same while requests are sorted. */
    void readShare() {
        shareTokens = caller.share().numTokens();
    }

    /** Tokens computed for its share when {@link #readShare} was called. */
    long shareTokens() {
        return shareTokens;
    }

    /** Counts the current pass as computed. */
    void advance() {
        caller.share().add(numScheduled);
        int numNewLogits = numLogitsOf(numScheduled);
        numComputed += numScheduled;
        numLogitsComputed += numNewLogits;
        numScheduled = 0;
        inPass = false;
        done |= numTokensLeft() == 0;
    }

    /** Schedules this many of the remaining tokens for the next pass. */
    void schedule(int numTokens) {
        numScheduled = numTokens;
        inPass = true;
    }

    int numScheduled() {
        return numScheduled;
    }

    /** Whether a pass may be writing to its blocks, so that the step must stay open. */
    boolean isInPass() {
        return inPass;
    }

    void fail(Throwable thrown) {
        failure = thrown;
        numScheduled = 0;
        done = true;
    }

    /** Its thread was interrupted, which ends a generation; the flag is set again when the step is over. */
    void interrupt() {
        interrupted = true;
        caller.interrupt();
    }

    boolean wasInterrupted() {
        return interrupted;
    }

    /** Ends it before the next pass. */
    void cancel() {
        canceled = true;
    }

    boolean isCanceled() {
        return canceled;
    }

    boolean isDone() {
        return !inPass && (done || canceled);
    }

    @Nullable
    Throwable failure() {
        return failure;
    }
}
