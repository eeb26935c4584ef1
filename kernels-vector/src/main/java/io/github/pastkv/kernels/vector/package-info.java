/** The kernels in the Vector API, the same bits as the scalar reference. */
@NullMarked
package io.github.pastkv.kernels.vector;

import org.jspecify.annotations.NullMarked;
