/** Requests from a file, answered without HTTP: OpenAI's batch format. */
@NullMarked
package io.github.pastkv.serve.batch;

import org.jspecify.annotations.NullMarked;
