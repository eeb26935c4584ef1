/**
 * What is in a model and what it computes: {@code pastkv inspect}, {@code logits}, {@code activations}, {@code lens}
 * and {@code attention}.
 */
@NullMarked
package io.github.pastkv.cli.show;

import org.jspecify.annotations.NullMarked;
