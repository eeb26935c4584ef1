/**
 * Activation patching: many runs of one prompt over a frozen prefix, in each of which some activation is taken from
 * another run. Start with {@link io.github.pastkv.lens.patching.PatchSweep}.
 */
@NullMarked
package io.github.pastkv.lens.patching;

import org.jspecify.annotations.NullMarked;
