/** How much storing small changes a model's answers. */
@NullMarked
package io.github.pastkv.model.quality;

import org.jspecify.annotations.NullMarked;
