/**
 * The arithmetic of a transformer: the kernel interface, the scalar reference kernels, threads, and the choice of a
 * provider.
 */
@NullMarked
package io.github.pastkv.kernels;

import org.jspecify.annotations.NullMarked;
