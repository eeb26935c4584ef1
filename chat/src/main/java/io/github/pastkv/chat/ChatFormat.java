package io.github.pastkv.chat;

import java.util.List;
import java.util.Set;

/** How a conversation is written down in tokens. */
public interface ChatFormat {
    /**
     * The tokens of a conversation up to where the next answer begins. A control token that a text spells becomes ordinary
     * tokens.
     *
     * @param turns those that are over, oldest first
     * @param user what is asked now
     * @throws IllegalArgumentException when the format does not take this conversation, saying why
     */
    int[] encode(List<Turn> turns, String user);

    /** Ids that end an answer, beside those of the model's own files. */
    Set<Integer> stopTokens();
}
