/**
 * The weights of linear layers before they are packed: matrices as files store them, formats of grouped integers,
 * quantization, and the precision of a layer.
 */
@NullMarked
package io.github.pastkv.kernels.weights;

import org.jspecify.annotations.NullMarked;
