/** Streams, files, progress and errors of every command. */
@NullMarked
package io.github.pastkv.cli.io;

import org.jspecify.annotations.NullMarked;
