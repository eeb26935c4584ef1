package io.github.pastkv.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.tools.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** LangChain4j's messages as those of chat templates. What has no place in a text is refused. */
final class Messages {
    private Messages() {}

    static List<ChatMessage> of(Iterable<dev.langchain4j.data.message.ChatMessage> messages) {
        List<ChatMessage> list = new ArrayList<>();
        messages.forEach(message -> list.add(of(message)));
        return list;
    }

    static ChatMessage of(dev.langchain4j.data.message.ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> ChatMessage.system(system.text());
            case UserMessage user -> user(user);
            case AiMessage answer -> answer(answer);
            case ToolExecutionResultMessage result -> ChatMessage.tool(orEmpty(result.id()), text(result.contents()));
            default -> throw new UnsupportedFeatureException(
                    "messages of type " + message.type() + " are not supported");
        };
    }

    private static ChatMessage user(UserMessage message) {
        String text = text(message.contents());
        @Nullable String name = message.name();
        if (name == null) {
            return ChatMessage.user(text);
        }
        ObjectNode json = JsonMapper.shared().createObjectNode().put("role", "user").put("content", text);
        return ChatMessage.of(json.put("name", name));
    }

    private static ChatMessage answer(AiMessage message) {
        return ChatMessage.assistant(orEmpty(message.text()), message.toolExecutionRequests().stream()
                .map(call -> new ToolCall(orEmpty(call.id()), call.name(), arguments(call))).toList());
    }

    /** Some models leave out the arguments of a call that needs none. */
    private static String arguments(ToolExecutionRequest call) {
        return orEmpty(call.arguments()).isBlank() ? "{}" : call.arguments();
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** The texts of the parts, one a line. */
    private static String text(List<Content> contents) {
        List<String> texts = new ArrayList<>();
        for (Content content : contents) {
            if (!(content instanceof TextContent part)) {
                throw new UnsupportedFeatureException("non-text content of type "
                        + content.type().toString().toLowerCase(Locale.ROOT) + " is not supported");
            }
            texts.add(part.text());
        }
        return String.join("\n", texts);
    }
}
