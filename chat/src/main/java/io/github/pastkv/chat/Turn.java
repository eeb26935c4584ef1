package io.github.pastkv.chat;

import io.github.pastkv.model.generation.Generation;
import java.util.List;
import java.util.Optional;

/**
 * A question and its answer.
 *
 * @param asked the messages that were added before the answer: a user's, or results of tools
 * @param message the answer
 * @param generation the answer in its only row, with its tokens, reason of ending and times; empty for a turn that was
 *        given
 * @param numKnownTokens tokens of the conversation before the answer that were in the cache already
 */
public record Turn(List<ChatMessage> asked, ChatMessage message, Optional<Generation> generation, int numKnownTokens) {
    public Turn {
        asked = List.copyOf(asked);
    }

    /** The text that was asked. */
    public String user() {
        return asked.isEmpty() ? "" : asked.getLast().content();
    }

    /** The text of the answer. */
    public String answer() {
        return message.content();
    }
}
