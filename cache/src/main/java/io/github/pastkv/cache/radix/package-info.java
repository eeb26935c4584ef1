/** The prefix index as a radix tree over token ids; internal. The API is in {@link io.github.pastkv.cache.prefix}. */
@NullMarked
package io.github.pastkv.cache.radix;

import org.jspecify.annotations.NullMarked;
