package io.github.pastkv.lens;

import io.github.pastkv.tensor.Tensor;

/** A run and the activations that it kept; closing it frees those. */
public record CachedRun(LensRun run, ActivationCache activations) implements AutoCloseable {
    /** Logits of each slot, {@code [B, N, V]}. */
    public Tensor logits() {
        return run.logits();
    }

    /** An activation by name or shorthand. */
    public Tensor get(String name) {
        return activations.get(name);
    }

    @Override
    public void close() {
        activations.close();
    }
}
