/** Events of the Flight Recorder; internal. */
@NullMarked
package io.github.pastkv.cache.events;

import org.jspecify.annotations.NullMarked;
