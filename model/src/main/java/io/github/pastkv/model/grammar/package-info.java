/** Structured output: texts that follow a grammar, and the tokens that may come next in one. */
@NullMarked
package io.github.pastkv.model.grammar;

import org.jspecify.annotations.NullMarked;
