/** Running models with hooks and reading their activations. Start with {@link io.github.pastkv.lens.Lens}. */
@NullMarked
package io.github.pastkv.lens;

import org.jspecify.annotations.NullMarked;
