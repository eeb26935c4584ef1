/** The forward pass: packed weights, buffers and the order of computation. Internal to the module. */
@NullMarked
package io.github.pastkv.model.forward;

import org.jspecify.annotations.NullMarked;
