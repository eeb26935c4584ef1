/**
 * Circuit discovery: which edges of a model's computational graph a behavior needs. Begin with
 * {@link io.github.pastkv.lens.circuits.CircuitSearch}.
 */
@NullMarked
package io.github.pastkv.lens.circuits;

import org.jspecify.annotations.NullMarked;
