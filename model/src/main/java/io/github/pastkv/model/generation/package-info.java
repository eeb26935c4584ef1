/** Generating tokens and text with a session. */
@NullMarked
package io.github.pastkv.model.generation;

import org.jspecify.annotations.NullMarked;
