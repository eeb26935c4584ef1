/** Tensors: typed numbers with a shape, on the heap or off-heap. */
@NullMarked
package io.github.pastkv.tensor;

import org.jspecify.annotations.NullMarked;
