package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.PatchGrid;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep runs over.
 *
 * @param patches the activations that are exchanged; null for edges between parts of the model
 */
record SweepGrid(String name, @Nullable PatchGrid patches) {}
