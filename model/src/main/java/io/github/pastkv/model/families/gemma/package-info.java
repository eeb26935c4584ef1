/** The Gemma families. */
@NullMarked
package io.github.pastkv.model.families.gemma;

import org.jspecify.annotations.NullMarked;
