/** The command that serves models over HTTP. */
@NullMarked
package io.github.pastkv.cli.serve;

import org.jspecify.annotations.NullMarked;
