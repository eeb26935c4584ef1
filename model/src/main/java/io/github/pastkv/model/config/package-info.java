/** Model configuration: sizes, positions, norms and token ids, and the defaults of generation. */
@NullMarked
package io.github.pastkv.model.config;

import org.jspecify.annotations.NullMarked;
