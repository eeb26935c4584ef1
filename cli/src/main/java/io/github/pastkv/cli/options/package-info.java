/** Options that several commands share, and their values. */
@NullMarked
package io.github.pastkv.cli.options;

import org.jspecify.annotations.NullMarked;
