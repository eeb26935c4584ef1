package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/** Runs the hooks of one step with a probe, between the operations of the forward pass. */
record StepHooks(HookDispatcher dispatcher, HookedNorms norms, HeadInputs inputs, HookedAttention attention,
        HeadResults results, HookedExperts experts, ExpandedKeysValues expanded) implements AutoCloseable {
    static StepHooks of(HookCatalog hooks, ModelTensors tensors, Probe probe, KvStep step, Compute compute) {
        HookDispatcher dispatcher = new HookDispatcher(hooks, probe, StepSlots.of(step));
        return new StepHooks(dispatcher, new HookedNorms(dispatcher, compute),
                new HeadInputs(dispatcher, compute, hooks.config()),
                new HookedAttention(dispatcher, step, compute, hooks.config()),
                new HeadResults(dispatcher, compute, hooks.config()), new HookedExperts(dispatcher),
                new ExpandedKeysValues(dispatcher, hooks.config(), tensors));
    }

    /** The token ids after their hook. */
    int[] tokenIds(int[] tokenIds, int vocabSize) {
        if (!dispatcher.wants(HookPoint.TOKENS, 0)) {
            return tokenIds;
        }
        int[] ids = Arrays.copyOf(tokenIds, dispatcher.slots().numTokens());
        Tensor rows = dispatcher.allocate(ids.length, 1);
        for (int token = 0; token < ids.length; token++) {
            rows.set(ids[token], token, 0);
        }
        dispatcher.rows(HookPoint.TOKENS, 0, rows);
        for (int token = 0; token < ids.length; token++) {
            float id = rows.get(token, 0);
            if (!(id >= 0 && id < vocabSize && id == (int) id)) {
                throw new IllegalArgumentException(
                        "hook hook_tokens: " + id + " is no token id, the vocabulary has " + vocabSize);
            }
            ids[token] = (int) id;
        }
        return ids;
    }

    /** The input of the feed-forward block: the stream, or a copy of it after a hook. */
    Tensor ffnInput(int layer, Tensor hidden) {
        if (!dispatcher.wants(HookPoint.MLP_IN, layer)) {
            return hidden;
        }
        int numTokens = dispatcher.slots().numTokens();
        Tensor input = dispatcher.allocate(numTokens, hidden.shape(1));
        input.copyFrom(hidden.narrow(0, 0, numTokens));
        dispatcher.rows(HookPoint.MLP_IN, layer, input);
        return input;
    }

    /** Whether any hook sits after the last layer, so that the head must run for all tokens. */
    boolean wantsHead() {
        return dispatcher.wantsAny(0, HookPoint.LN_FINAL_SCALE, HookPoint.LN_FINAL_NORMALIZED, HookPoint.UNEMBED_IN,
                HookPoint.UNEMBED_OUT);
    }

    @Override
    public void close() {
        dispatcher.close();
    }
}
