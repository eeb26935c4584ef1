/** Layout of cache blocks: shapes, storage types, attention windows and offsets. */
@NullMarked
package io.github.pastkv.cache.layout;

import org.jspecify.annotations.NullMarked;
