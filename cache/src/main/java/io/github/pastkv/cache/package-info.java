/** Memory for the keys and values of past tokens: pool, block tables and caches. */
@NullMarked
package io.github.pastkv.cache;

import org.jspecify.annotations.NullMarked;
