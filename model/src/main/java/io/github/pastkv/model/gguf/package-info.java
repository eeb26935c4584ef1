/** GGUF files: container, block formats, and their metadata and tensors as Hugging Face names them. */
@NullMarked
package io.github.pastkv.model.gguf;

import org.jspecify.annotations.NullMarked;
