package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.chat.tools.ToolCallParser;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.grammar.Grammar;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Converts a conversation to tokens. */
public interface ChatFormat {
    /**
     * The tokens of a conversation up to the start of the next answer. Control tokens in contents are encoded as
     * ordinary text.
     *
     * @param messages oldest first; the last one is answered
     * @throws IllegalArgumentException with the reason, if the format does not support these messages
     */
    int[] encode(List<ChatMessage> messages);

    /** Token ids that end an answer, in addition to those of the model's files. */
    Set<Integer> stopTokens();

    /**
     * Whether an answer is decoded as a continuation, keeping its leading space; otherwise it is decoded as a separate
     * text, of which some tokenizers strip the leading space.
     */
    boolean continuesText();

    /**
     * The same format for conversations in which the model may call tools.
     *
     * @throws IllegalArgumentException if it has no way to write tools and calls that is known, or a schema is not
     *         supported
     */
    default ChatFormat withTools(Tools tools) {
        throw new IllegalArgumentException("tools: " + this + " does not support them");
    }

    /**
     * A parser of one answer that may hold calls of tools; empty if answers are text only.
     *
     * @param listener receives text and calls
     */
    default Optional<ToolCallParser> callParser(ToolCallListener listener) {
        return Optional.empty();
    }

    /** The texts that an answer must be one of; null for any. */
    default @Nullable Grammar grammar() {
        return null;
    }
}
