package io.github.pastkv.model.forward;

import io.github.pastkv.model.hooks.Probe;
import org.jspecify.annotations.Nullable;

/**
 * A pass that is not the plain one.
 *
 * @param input what enters, and where
 * @param toLayer first layer that does not run
 * @param head whether logits are computed behind the layers; else the pass gives the residual stream
 * @param probe who is handed the activations, or null
 */
public record PassRange(PassInput input, int toLayer, boolean head, @Nullable Probe probe) {
    int fromLayer() {
        return input instanceof PassInput.Stream stream ? stream.fromLayer() : 0;
    }
}
