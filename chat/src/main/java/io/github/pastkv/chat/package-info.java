/** Conversations over a session: turns, forks and undo, and the chat templates of model folders. */
@NullMarked
package io.github.pastkv.chat;

import org.jspecify.annotations.NullMarked;
