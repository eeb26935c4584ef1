/** The paged KV cache: pools, caches, steps, edits and grafts. */
@NullMarked
package io.github.pastkv.cache;

import org.jspecify.annotations.NullMarked;
