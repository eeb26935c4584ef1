/** Experiments on many activations: {@code pastkv patch}, {@code ablate} and {@code acdc}. */
@NullMarked
package io.github.pastkv.cli.sweep;

import org.jspecify.annotations.NullMarked;
