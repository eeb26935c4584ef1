/** What a cache of fewer bits would cost, without kernels for it. */
@NullMarked
package io.github.pastkv.bench.cachebits;

import org.jspecify.annotations.NullMarked;
