/** Tool calling: definitions, calls, how templates write calls, and a parser for streams. */
@NullMarked
package io.github.pastkv.chat.tools;

import org.jspecify.annotations.NullMarked;
