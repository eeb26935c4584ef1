package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Runs the hooks on the choice of experts and on what each gives. */
final class HookedExperts {
    private final HookDispatcher dispatcher;

    HookedExperts(HookDispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    /** Weights, then indices; an edited index is the expert that is run instead, with the weight at its place. */
    void choices(int layer, ExpertBuffers buffers, ExpertsConfig config) {
        dispatcher.rows(HookPoint.EXPERT_WEIGHTS, layer, buffers.weights());
        if (!dispatcher.wants(HookPoint.EXPERT_INDICES, layer)) {
            return;
        }
        int k = config.numChosen();
        int numTokens = dispatcher.slots().numTokens();
        Tensor indices = dispatcher.allocate(numTokens, k);
        for (int choice = 0; choice < numTokens * k; choice++) {
            indices.set(buffers.chosen()[choice], choice / k, choice % k);
        }
        dispatcher.rows(HookPoint.EXPERT_INDICES, layer, indices);
        for (int choice = 0; choice < numTokens * k; choice++) {
            buffers.chosen()[choice] = expert(indices.get(choice / k, choice % k), config.numExperts());
        }
        requireDistinct(buffers.chosen(), numTokens, k);
    }

    private static int expert(float index, int numExperts) {
        if (!(index >= 0 && index < numExperts && index == (int) index)) {
            throw new IllegalArgumentException(
                    "hook hook_expert_indices: " + index + " is no expert, the layer has " + numExperts);
        }
        return (int) index;
    }

    private static void requireDistinct(int[] chosen, int numTokens, int k) {
        for (int choice = 0; choice < numTokens * k; choice++) {
            for (int earlier = choice - choice % k; earlier < choice; earlier++) {
                if (chosen[earlier] == chosen[choice]) {
                    throw new IllegalArgumentException("hook hook_expert_indices: expert " + chosen[choice]
                            + " is chosen twice for one token; set a weight to 0 to leave an expert out");
                }
            }
        }
    }

    /** Where the outputs of all chosen experts go, {@code [n * k, E]}; null if no hook asks for them. */
    @Nullable
    Tensor outputs(int layer, ExpertsConfig config, long hiddenSize) {
        return dispatcher.wants(HookPoint.EXPERT_OUT, layer)
                ? dispatcher.allocate((long) dispatcher.slots().numTokens() * config.numChosen(), hiddenSize)
                : null;
    }

    void dispatchOutputs(int layer, Tensor outputs) {
        long numTokens = dispatcher.slots().numTokens();
        dispatcher.rows(HookPoint.EXPERT_OUT, layer,
                outputs.reshape(numTokens, outputs.numElements() / Math.max(1, numTokens)));
    }
}
