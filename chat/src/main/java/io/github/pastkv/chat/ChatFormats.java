package io.github.pastkv.chat;

import io.github.pastkv.model.Model;
import java.io.IOException;
import java.util.Optional;

/** The formats that models come with. */
public final class ChatFormats {
    private ChatFormats() {}

    /**
     * The chat template of the model folder, or plain text if it has none.
     *
     * @throws io.github.pastkv.model.files.ModelFormatException if the folder's template cannot be rendered
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    public static ChatFormat of(Model model) throws IOException {
        Optional<ChatTemplate> template = ChatTemplate.find(model);
        return template.isPresent() ? template.get() : PlainFormat.of(model);
    }
}
