/** Tensors: typed numbers in memory outside or on the heap, seen through a shape. */
@NullMarked
package io.github.pastkv.tensor;

import org.jspecify.annotations.NullMarked;
