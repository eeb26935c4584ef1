/** Kernels under test, bitwise comparison of logits, padded batches, the shipped model. */
@NullMarked
package io.github.pastkv.testkit.model;

import org.jspecify.annotations.NullMarked;
