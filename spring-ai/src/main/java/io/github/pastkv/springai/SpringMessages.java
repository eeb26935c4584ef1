package io.github.pastkv.springai;

import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.tools.ToolCall;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.content.MediaContent;

/** Turns Spring AI's messages into those of chat templates. */
final class SpringMessages {
    private SpringMessages() {}

    /**
     * The messages, oldest first.
     *
     * @throws IllegalArgumentException naming what is not supported, with the index of its message
     */
    static List<ChatMessage> toChat(List<Message> messages) {
        List<ChatMessage> converted = new ArrayList<>();
        for (int index = 0; index < messages.size(); index++) {
            Message message = messages.get(index);
            requireText(message, index);
            switch (message.getMessageType()) {
                case SYSTEM -> converted.add(ChatMessage.system(text(message)));
                case USER -> converted.add(ChatMessage.user(text(message)));
                case ASSISTANT -> converted.add(answer((AssistantMessage) message));
                case TOOL -> ((ToolResponseMessage) message).getResponses()
                        .forEach(response -> converted.add(ChatMessage.tool(response.id(), response.responseData())));
            }
        }
        return converted;
    }

    private static void requireText(Message message, int index) {
        if (message instanceof MediaContent content && !content.getMedia().isEmpty()) {
            throw new IllegalArgumentException("messages[" + index + "]: has " + content.getMedia().size()
                    + " media, only text is supported");
        }
    }

    private static ChatMessage answer(AssistantMessage message) {
        return ChatMessage.assistant(text(message), message.getToolCalls().stream()
                .map(call -> new ToolCall(call.id(), call.name(), call.arguments())).toList());
    }

    private static String text(Message message) {
        @Nullable String text = message.getText();
        return text == null ? "" : text;
    }
}
