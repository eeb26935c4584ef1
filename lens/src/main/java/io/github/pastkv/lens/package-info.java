/** Running models with hooks, and looking at their activations. Begin with {@link io.github.pastkv.lens.Lens}. */
@NullMarked
package io.github.pastkv.lens;

import org.jspecify.annotations.NullMarked;
