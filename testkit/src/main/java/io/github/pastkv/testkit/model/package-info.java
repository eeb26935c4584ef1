/** Models under test: their kernels, their logits bit by bit, and batches with pads in any place. */
@NullMarked
package io.github.pastkv.testkit.model;

import org.jspecify.annotations.NullMarked;
