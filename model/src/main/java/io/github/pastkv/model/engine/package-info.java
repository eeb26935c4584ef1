/** Batching the steps of concurrent sequences into forward passes. */
@NullMarked
package io.github.pastkv.model.engine;

import org.jspecify.annotations.NullMarked;
