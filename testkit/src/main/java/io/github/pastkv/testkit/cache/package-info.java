/** Contract tests of caches and layouts, to extend for each implementation. */
@NullMarked
package io.github.pastkv.testkit.cache;

import org.jspecify.annotations.NullMarked;
