/** Talk with a model: {@code pastkv chat}. */
@NullMarked
package io.github.pastkv.cli.chat;

import org.jspecify.annotations.NullMarked;
