package io.github.pastkv.chat;

import io.github.pastkv.model.Model;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** How a conversation is written as tokens. */
public interface ChatFormat {
    /**
     * The chat template of the model's folder, or plain text where it has none.
     *
     * @throws io.github.pastkv.model.files.ModelFormatException if the folder's template cannot be rendered
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    static ChatFormat of(Model model) throws IOException {
        Optional<ChatTemplate> template = ChatTemplate.find(model);
        return template.isPresent() ? template.get() : PlainFormat.of(model);
    }

    /**
     * The tokens of a conversation up to where the next answer begins. A control token that a content spells becomes
     * ordinary tokens.
     *
     * @param messages oldest first; the last one is what is answered
     * @throws IllegalArgumentException when the format does not take these messages, saying why
     */
    int[] encode(List<ChatMessage> messages);

    /** Ids that end an answer, beside those of the model's own files. */
    Set<Integer> stopTokens();

    /**
     * Whether an answer continues the text before it, with the space that it begins with; otherwise it is a text of its
     * own, which tokenizers that strip the first space of a text decode without it.
     */
    boolean continuesText();
}
