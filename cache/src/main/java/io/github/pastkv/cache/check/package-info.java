/** Checks of arguments; internal. */
@NullMarked
package io.github.pastkv.cache.check;

import org.jspecify.annotations.NullMarked;
