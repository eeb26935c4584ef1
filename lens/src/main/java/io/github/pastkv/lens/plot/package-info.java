/** Pictures of activations and sweeps, drawn with the JDK only. */
@NullMarked
package io.github.pastkv.lens.plot;

import org.jspecify.annotations.NullMarked;
