/** Timing concurrent sessions. */
@NullMarked
package io.github.pastkv.bench.sessions;

import org.jspecify.annotations.NullMarked;
