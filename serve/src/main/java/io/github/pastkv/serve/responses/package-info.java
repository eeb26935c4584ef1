/** OpenAI's Responses API without state, translated to the chat endpoint. */
@NullMarked
package io.github.pastkv.serve.responses;

import org.jspecify.annotations.NullMarked;
