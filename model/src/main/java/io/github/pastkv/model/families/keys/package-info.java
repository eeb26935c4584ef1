/** Readers of the keys of {@code config.json} that several families share. */
@NullMarked
package io.github.pastkv.model.families.keys;

import org.jspecify.annotations.NullMarked;
