package io.github.pastkv.model.engine;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.Tensor;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * An open step of one group on its way through the engine, and how far it has been computed. All but the first few
 * fields are guarded by the engine's lock.
 */
final class StepRequest {
    final SequenceGroup group;
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

    /** Tokens and logits computed so far; then the tokens of the pass under way. */
    int numComputed;
    int numLogitsComputed;
    private int numScheduled;
    private boolean inPass;

    private boolean done;
    private boolean cancelled;
    private boolean interrupted;
    private @Nullable Throwable failure;

    StepRequest(SequenceGroup group, KvStep step, PackedInput input, LayerRope rope, @Nullable Probe probe,
            Condition changed) {
        this.group = group;
        this.step = step;
        this.input = input;
        this.rope = rope;
        this.probe = probe;
        this.changed = changed;
    }

    int numTokensLeft() {
        return step.numTokens() - numComputed;
    }

    /** Logits of the first {@code numTokens} tokens that are left. */
    int numLogitsOf(int numTokens) {
        int end = numLogitsComputed;
        while (end < numLogits && logitTokens[end] < numComputed + numTokens) {
            end++;
        }
        return end - numLogitsComputed;
    }

    /** Whether it takes a pass of its own, on its caller's thread: with hooks, or over part of the model. */
    boolean runsAlone() {
        return probe != null || input.tokenIds() == null || residualOut != null;
    }

    /** Whether few tokens a row are left, as in decoding: these come before the chunks of long prompts. */
    boolean isDecode() {
        return numTokensLeft() <= Scheduler.MAX_DECODE_TOKENS * step.numRows();
    }

    /** Counts the pass under way as computed. */
    void advance() {
        int numNewLogits = numLogitsOf(numScheduled);
        numComputed += numScheduled;
        numLogitsComputed += numNewLogits;
        numScheduled = 0;
        inPass = false;
        done |= numTokensLeft() == 0;
    }

    /** It takes part in the next pass with so many of the tokens that are left. */
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
        group.interrupted();
    }

    boolean wasInterrupted() {
        return interrupted;
    }

    /** Ends it before the next pass. */
    void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }

    boolean isDone() {
        return !inPass && (done || cancelled);
    }

    @Nullable
    Throwable failure() {
        return failure;
    }
}
