/** The server: options, start and stop. */
@NullMarked
package io.github.pastkv.serve;

import org.jspecify.annotations.NullMarked;
