/**
 * Named places in the forward pass where an activation can be read and edited: their names and shapes (TransformerLens'
 * own), and the {@link io.github.pastkv.model.hooks.Probe} that a run hands them to.
 */
@NullMarked
package io.github.pastkv.model.hooks;

import org.jspecify.annotations.NullMarked;
