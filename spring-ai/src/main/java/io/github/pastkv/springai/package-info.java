/** Spring AI's {@code ChatModel} over a model in this process. */
@NullMarked
package io.github.pastkv.springai;

import org.jspecify.annotations.NullMarked;
