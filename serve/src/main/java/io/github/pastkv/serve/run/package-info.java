/** Models that are served, the queue in front of them, and the run of a request. */
@NullMarked
package io.github.pastkv.serve.run;

import org.jspecify.annotations.NullMarked;
