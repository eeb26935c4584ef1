/** Readers of the weights that several families store alike. */
@NullMarked
package io.github.pastkv.model.families.tensors;

import org.jspecify.annotations.NullMarked;
