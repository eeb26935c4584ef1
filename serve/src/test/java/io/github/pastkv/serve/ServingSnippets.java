package io.github.pastkv.serve;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel;

/** The Java of docs/serving.md; compiled, not run, as its address is that of a server which a user has started. */
final class ServingSnippets {
    private ServingSnippets() {}

    static void chat() {
        // @formatter:off: one line, as the document has it
        ChatModel model = OpenAiChatModel.builder().baseUrl("http://127.0.0.1:8273/v1").apiKey("none").modelName("tiny").build();
        System.out.println(model.chat("Once upon a time"));
        // @formatter:on
    }
}
