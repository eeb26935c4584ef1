/** The choice of the next token from logits, and the end of a generation by its text. */
@NullMarked
package io.github.pastkv.model.sampling;

import org.jspecify.annotations.NullMarked;
