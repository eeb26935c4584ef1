/** Linear layers in oneDNN, found by the service loader. */
@NullMarked
package io.github.pastkv.kernels.onednn;

import org.jspecify.annotations.NullMarked;
