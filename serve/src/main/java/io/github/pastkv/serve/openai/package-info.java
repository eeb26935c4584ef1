/** The endpoints of OpenAI's interface. */
@NullMarked
package io.github.pastkv.serve.openai;

import org.jspecify.annotations.NullMarked;
