/** Pictures of activations, drawn with what the JDK has. */
@NullMarked
package io.github.pastkv.lens.plot;

import org.jspecify.annotations.NullMarked;
