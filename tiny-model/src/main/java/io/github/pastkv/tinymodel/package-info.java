/** A small trained model, carried as resources. */
@NullMarked
package io.github.pastkv.tinymodel;

import org.jspecify.annotations.NullMarked;
