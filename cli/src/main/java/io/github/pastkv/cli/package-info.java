/** The pastkv command. */
@NullMarked
package io.github.pastkv.cli;

import org.jspecify.annotations.NullMarked;
