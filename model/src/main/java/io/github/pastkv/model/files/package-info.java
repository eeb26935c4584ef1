/** Files of a model folder: safetensors, sharded checkpoints and strict JSON. Everything wrong is refused in words. */
@NullMarked
package io.github.pastkv.model.files;

import org.jspecify.annotations.NullMarked;
