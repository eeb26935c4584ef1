/** What a model is: sizes, positions, norms and token ids, as {@code config.json} and {@code generation_config.json} say. */
@NullMarked
package io.github.pastkv.model.config;

import org.jspecify.annotations.NullMarked;
