package io.github.pastkv.lens.patching;

import io.github.pastkv.lens.ActivationCache;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The mean of activations over the runs of prompts of equal length, for mean ablation. Runs are summed in double, in
 * the order of addition, and are not kept; the mean of one run is that run. Not thread-safe.
 */
public final class ActivationMean implements PatchSource {
    private final Map<HookName, Sum> sums = new HashMap<>();
    private int numRuns;

    @SuppressWarnings("ArrayRecordComponent") // numbers to add to, compared by nobody
    private record Sum(long[] shape, double[] numbers) {}

    /** A mean of no runs yet. */
    public ActivationMean() {
        numRuns = 0;
    }

    /**
     * Adds a run.
     *
     * @throws IllegalArgumentException if its activations have other shapes than those before; nothing has been added
     *        then
     */
    public void add(ActivationCache run) {
        run.names().forEach(hook -> requireShape(hook, run.get(hook).shape()));
        for (HookName hook : run.names()) {
            Tensor activation = run.get(hook);
            float[] numbers = activation.toFloatArray();
            double[] sum = sums.computeIfAbsent(hook, _ -> new Sum(activation.shape(), new double[numbers.length]))
                    .numbers();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += numbers[i];
            }
        }
        numRuns++;
    }

    private void requireShape(HookName hook, long[] shape) {
        Sum sum = sums.get(hook);
        if (numRuns > 0 && (sum == null || !Arrays.equals(sum.shape(), shape))) {
            throw new IllegalArgumentException("run: " + hook + " is " + Arrays.toString(shape)
                    + ", the runs before had " + (sum == null ? "none" : Arrays.toString(sum.shape())));
        }
    }

    /** Runs that were added. */
    public int numRuns() {
        return numRuns;
    }

    /**
     * The mean of a hook.
     *
     * @throws IllegalArgumentException for a hook that the runs did not keep, or without any run
     */
    @Override
    public Tensor at(HookName hook) {
        Sum sum = sums.get(hook);
        if (sum == null) {
            throw new IllegalArgumentException(numRuns == 0
                    ? "runs: none, a mean needs at least one"
                    : "hook: " + hook + " was not kept by the runs");
        }
        float[] means = new float[sum.numbers().length];
        for (int i = 0; i < means.length; i++) {
            means[i] = (float) (sum.numbers()[i] / numRuns);
        }
        return Tensor.of(means, sum.shape());
    }
}
