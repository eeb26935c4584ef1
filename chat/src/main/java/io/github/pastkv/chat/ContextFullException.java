package io.github.pastkv.chat;

/** Thrown when a conversation does not fit into the context; nothing has changed. */
public final class ContextFullException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    ContextFullException(int numTokens, int maxSeqLen) {
        super("the conversation would have " + numTokens + " tokens, the context is " + maxSeqLen);
    }
}
