/** Models and sessions: configuration, weights, tokenizer, forward pass and generation. */
@NullMarked
package io.github.pastkv.model;

import org.jspecify.annotations.NullMarked;
