/**
 * Finding cached prefixes by their token ids, and choosing which of them go when room is needed. Knows no bytes of keys
 * and values: blocks are numbers here, and the pool that owns them is asked through
 * {@link io.github.pastkv.cache.prefix.BlockStore}.
 */
@NullMarked
package io.github.pastkv.cache.prefix;

import org.jspecify.annotations.NullMarked;
