/** What a cache stores and where each number of a block lies: shapes, storage types, windows, layouts. */
@NullMarked
package io.github.pastkv.cache.layout;

import org.jspecify.annotations.NullMarked;
