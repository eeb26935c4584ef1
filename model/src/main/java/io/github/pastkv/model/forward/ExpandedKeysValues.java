package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.LatentExpansion;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;

/** Hooks of the keys and values of single heads that latent attention does not make: expanded, to be read. */
final class ExpandedKeysValues {
    private final HookDispatcher dispatcher;
    private final ModelConfig config;
    private final ModelTensors tensors;

    ExpandedKeysValues(HookDispatcher dispatcher, ModelConfig config, ModelTensors tensors) {
        this.dispatcher = dispatcher;
        this.config = config;
        this.tensors = tensors;
    }

    /** Dispatches the new tokens' keys before RoPE and their values. */
    void dispatch(int layer, LatentBuffers buffers) {
        if (!dispatcher.wantsAny(layer, HookPoint.K, HookPoint.V)) {
            return;
        }
        int numTokens = dispatcher.slots().numTokens();
        Tensor latents = buffers.latent.narrow(0, 0, numTokens);
        LatentExpansion expansion = new LatentExpansion(config.attention(), tensors.layers().get(layer));
        dispatch(HookPoint.K, layer, expansion.keys(latents, buffers.rotaryKey));
        dispatch(HookPoint.V, layer, expansion.values(latents));
    }

    /** A hook may put back what it was given, but another number would have no effect. */
    private void dispatch(HookPoint point, int layer, Tensor rows) {
        Tensor before = dispatcher.edits(point, layer) ? rows.copy() : rows;
        dispatcher.rows(point, layer, rows);
        if (before.segment().mismatch(rows.segment()) >= 0) {
            throw new IllegalArgumentException("hook " + HookName.of(point, layer)
                    + ": changed numbers that latent attention does not read; edit "
                    + HookName.of(HookPoint.LATENT, layer) + " or " + HookName.of(HookPoint.ROT_LATENT_K, layer));
        }
    }
}
