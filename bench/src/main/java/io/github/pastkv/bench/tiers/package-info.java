/** Times cache tiers against computing and against plain reads. */
@NullMarked
package io.github.pastkv.bench.tiers;

import org.jspecify.annotations.NullMarked;
