/** The arithmetic of a transformer: a small contract, its scalar reference and the choice of a provider. */
@NullMarked
package io.github.pastkv.kernels;

import org.jspecify.annotations.NullMarked;
