/** What every implementation of {@code Kernels} must pass. */
@NullMarked
package io.github.pastkv.testkit.kernels;

import org.jspecify.annotations.NullMarked;
