/** Block pools and block tables: the paged storage of one layer group; internal. */
@NullMarked
package io.github.pastkv.cache.block;

import org.jspecify.annotations.NullMarked;
