package io.github.pastkv.lens.patching;

import io.github.pastkv.lens.ActivationCache;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.tensor.Tensor;

/**
 * The source of the activations to patch in: another run, zeros, or the {@linkplain ActivationMean mean} over a set of
 * prompts.
 */
@FunctionalInterface
public interface PatchSource {
    /** The whole activation of a hook, one row: {@code [1, T, ...]}, patterns {@code [1, H, T, T]}. */
    Tensor at(HookName hook);

    /** Another run's activations. */
    static PatchSource ofRun(ActivationCache activations) {
        return activations::get;
    }

    /** Zeros, in the shapes of a run's activations (zero ablation). */
    static PatchSource zeros(ActivationCache shapes) {
        return hook -> Tensor.zeros(shapes.get(hook).shape());
    }
}
