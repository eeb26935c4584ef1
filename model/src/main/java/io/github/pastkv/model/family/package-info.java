/** What a model family is: a reader of its {@code config.json} and of its weights, and the tensors that it yields. */
@NullMarked
package io.github.pastkv.model.family;

import org.jspecify.annotations.NullMarked;
