package io.github.pastkv.model.hooks;

import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Receives activations during a forward pass. Without a probe no hook code runs; the bits are the same.
 *
 * <p>Called on the thread that runs the step, in the order of {@link HookPoint}, layer after layer. An exception ends
 * the step without changing the cache.
 */
public interface Probe {
    /** Whether {@link #visit} is called for this point; {@code layer} matters only for points inside layers. */
    boolean wants(HookPoint point, int layer);

    /** Whether {@link #visit} may change the activation of this point; otherwise it is read-only. */
    boolean edits(HookPoint point, int layer);

    /** Whether any point is edited; the keys and values of such a run are derived. */
    boolean edits();

    /**
     * Receives an activation.
     *
     * @param activation F32 of the point's shape, valid during the call only; may be changed in place where
     *        {@link #edits(HookPoint, int)} says so
     * @return a tensor of the same shape to go on with, or null to go on with {@code activation} as it is now
     */
    @Nullable
    Tensor visit(HookName name, Tensor activation, StepSlots slots);
}
