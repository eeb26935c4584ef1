/** Anthropic's Messages API, translated to the chat endpoint. */
@NullMarked
package io.github.pastkv.serve.anthropic;

import org.jspecify.annotations.NullMarked;
