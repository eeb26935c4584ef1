/** How much a sweep of patched runs gains from its frozen prefix. */
@NullMarked
package io.github.pastkv.bench.sweep;

import org.jspecify.annotations.NullMarked;
