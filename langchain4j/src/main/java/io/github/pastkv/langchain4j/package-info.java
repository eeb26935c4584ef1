/** Chat models, streams, token counts and structured output for LangChain4j, in process. */
@NullMarked
package io.github.pastkv.langchain4j;

import org.jspecify.annotations.NullMarked;
