/** Text to token ids and back, whole or as a stream. */
@NullMarked
package io.github.pastkv.model.tokenizer;

import org.jspecify.annotations.NullMarked;
