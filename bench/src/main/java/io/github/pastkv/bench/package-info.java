/** Benchmarks. */
@NullMarked
package io.github.pastkv.bench;

import org.jspecify.annotations.NullMarked;
