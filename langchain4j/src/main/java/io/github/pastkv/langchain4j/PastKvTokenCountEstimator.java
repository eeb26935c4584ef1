package io.github.pastkv.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.List;

/**
 * Counts tokens with a model's own tokenizer and chat format. The count of messages that the format accepts as a
 * conversation is exact. Safe for any number of threads while the model is open.
 */
public final class PastKvTokenCountEstimator implements TokenCountEstimator {
    private static final String PROBE = "a";

    private final TextTokenizer tokenizer;
    private final ChatFormat format;
    private final int numTokensAround; // of a message's text, and of the beginning of the answer

    /** Counts as {@code chat} tokenizes. */
    public PastKvTokenCountEstimator(Chat chat) {
        this.tokenizer = chat.model().tokenizer().orElseThrow();
        this.format = chat.format();
        this.numTokensAround = format.encode(List.of(io.github.pastkv.chat.ChatMessage.user(PROBE))).length
                - estimateTokenCountInText(PROBE);
    }

    @Override
    public int estimateTokenCountInText(String text) {
        return tokenizer.encode(text, false).length;
    }

    /** The tokens of a conversation of this message alone; of a message that begins none, about as many. */
    @Override
    public int estimateTokenCountInMessage(ChatMessage message) {
        return estimateTokenCountInMessages(List.of(message));
    }

    /**
     * The tokens of the prompt that these messages make, up to the beginning of the answer. Where the format rejects
     * them, as a conversation that begins with an answer, about as many.
     */
    @Override
    public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
        List<io.github.pastkv.chat.ChatMessage> list = Messages.of(messages);
        try {
            return list.isEmpty() ? 0 : format.encode(list).length;
        } catch (IllegalArgumentException e) { // the template says what it does not take
            return list.stream().mapToInt(message -> estimateTokenCountInText(message.content()) + numTokensAround)
                    .sum();
        }
    }
}
