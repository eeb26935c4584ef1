/** What a model is, as {@code config.json} says: sizes, positions, norms, token ids; and defaults of generation. */
@NullMarked
package io.github.pastkv.model.config;

import org.jspecify.annotations.NullMarked;
