package io.github.pastkv.lens.patching;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.lens.ActivationCache;
import io.github.pastkv.model.hooks.HookName;
import java.util.List;

/** Where the patched-in activations come from: another run, zeros, or the mean over a set of prompts. */
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
        return hook -> {
            long[] shape = shapes.get(hook).shape();
            return Tensor.of(new float[Math.toIntExact(shapes.get(hook).numElements())], shape);
        };
    }

    /** The mean over several runs of equally many tokens, summed in their order in double (mean ablation). */
    static PatchSource mean(List<ActivationCache> runs) {
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("runs: none, a mean needs at least one");
        }
        return hook -> {
            double[] sums = new double[Math.toIntExact(runs.getFirst().get(hook).numElements())];
            for (ActivationCache run : runs) {
                float[] numbers = run.get(hook).toFloatArray();
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += numbers[i];
                }
            }
            float[] means = new float[sums.length];
            for (int i = 0; i < sums.length; i++) {
                means[i] = (float) (sums[i] / runs.size());
            }
            return Tensor.of(means, runs.getFirst().get(hook).shape());
        };
    }
}
