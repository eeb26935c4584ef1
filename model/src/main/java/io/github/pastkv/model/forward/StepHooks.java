package io.github.pastkv.model.forward;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.ModelHooks;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import java.util.Arrays;

/** All that comes between the operations of one step with a probe. */
record StepHooks(HookStage stage, HookedNorms norms, HeadInputs inputs, HookedAttention attention,
        HeadResults results) implements AutoCloseable {
    static StepHooks of(ModelHooks hooks, Probe probe, StepSlots slots, Compute compute) {
        HookStage stage = new HookStage(hooks, probe, slots);
        return new StepHooks(stage, new HookedNorms(stage, compute), new HeadInputs(stage, compute, hooks.config()),
                new HookedAttention(stage, compute, hooks.config()), new HeadResults(stage, compute, hooks.config()));
    }

    /** The ids that a hook on them leaves. */
    int[] tokenIds(int[] tokenIds, int vocabSize) {
        if (!stage.wants(HookPoint.TOKENS, 0)) {
            return tokenIds;
        }
        int[] ids = Arrays.copyOf(tokenIds, stage.slots().numTokens());
        Tensor rows = stage.allocate(ids.length, 1);
        for (int token = 0; token < ids.length; token++) {
            rows.set(ids[token], token, 0);
        }
        stage.rows(HookPoint.TOKENS, 0, rows);
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

    /** What the feed-forward block reads: the stream, or a copy of it that a hook may have changed. */
    Tensor ffnInput(int layer, Tensor hidden) {
        if (!stage.wants(HookPoint.MLP_IN, layer)) {
            return hidden;
        }
        int numTokens = stage.slots().numTokens();
        Tensor input = stage.allocate(numTokens, hidden.shape(1));
        input.copyFrom(hidden.narrow(0, 0, numTokens));
        stage.rows(HookPoint.MLP_IN, layer, input);
        return input;
    }

    /** Whether a hook lies behind the layers, so that all tokens must come by there. */
    boolean wantsHead() {
        return stage.wantsAny(0, HookPoint.LN_FINAL_SCALE, HookPoint.LN_FINAL_NORMALIZED, HookPoint.UNEMBED_IN,
                HookPoint.UNEMBED_OUT);
    }

    @Override
    public void close() {
        stage.close();
    }
}
