package io.github.pastkv.tests.chat;

import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Copies of the shipped model with a chat template. Its tokenizer has one control token, which ends turns here. */
final class ChatFolder {
    /** Turns in lines, each ended by the control token. */
    static final String TEMPLATE = "{% for m in messages %}{{ m.role + ': ' + m.content | trim + '<|endoftext|>\\n' }}"
            + "{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";

    private ChatFolder() {}

    /** The shipped model in {@code target}. */
    static Path in(Path target) throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
            Files.copy(TinyModelFolder.require().resolve(name), target.resolve(name));
        }
        return target;
    }

    /** The same with a {@code chat_template.jinja}. */
    static Path in(Path target, String template) throws IOException {
        Files.writeString(in(target).resolve("chat_template.jinja"), template);
        return target;
    }
}
