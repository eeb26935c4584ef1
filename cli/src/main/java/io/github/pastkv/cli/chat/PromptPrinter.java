package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Prints what a model would read for messages: the text, and its token ids. */
final class PromptPrinter {
    private final ChatFormat format;
    private final TextTokenizer tokenizer;

    PromptPrinter(ChatFormat format, TextTokenizer tokenizer) {
        this.format = format;
        this.tokenizer = tokenizer;
    }

    void print(List<ChatMessage> messages, boolean asJson, PrintStream out) {
        int[] ids = format.encode(messages);
        String text =
                format instanceof ChatTemplate template ? template.render(messages) : tokenizer.decode(ids, false);
        if (asJson) {
            ObjectNode result = JsonMapper.shared().createObjectNode().put("prompt", text);
            ArrayNode tokenIds = result.putArray("tokenIds");
            Arrays.stream(ids).forEach(tokenIds::add);
            out.println(result.toString());
        } else {
            out.println(text);
            out.println(Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(",")));
        }
    }
}
