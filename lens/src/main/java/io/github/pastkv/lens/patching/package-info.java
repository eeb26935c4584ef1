/**
 * Activation patching: runs of one prompt in which some activation is taken from another run, thousands of them over
 * one frozen prefix. Begin with {@link io.github.pastkv.lens.patching.PatchSweep}.
 */
@NullMarked
package io.github.pastkv.lens.patching;

import org.jspecify.annotations.NullMarked;
