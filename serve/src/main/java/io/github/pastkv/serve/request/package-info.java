/** What a request holds: strict JSON, and errors in OpenAI's form. */
@NullMarked
package io.github.pastkv.serve.request;

import org.jspecify.annotations.NullMarked;
