package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Messages in a JSON file: a list of objects with role and content, or an object that has such a list as
 * {@code messages} and beside it variables of the chat template, such as {@code tools}.
 *
 * @param variables by name
 */
record MessagesFile(List<ChatMessage> messages, Map<String, JsonNode> variables) {
    private static final String MESSAGES = "messages";
    private static final long MAX_BYTES = 64L << 20;

    static MessagesFile read(Path file) throws IOException {
        if (Files.isRegularFile(file) && Files.size(file) > MAX_BYTES) {
            throw new IOException(file + ": " + Files.size(file) + " bytes, at most " + MAX_BYTES + " are read");
        }
        try {
            JsonNode json = JsonMapper.shared().readTree(Files.readString(file));
            Map<String, JsonNode> variables = new HashMap<>();
            json.properties().forEach(field -> variables.put(field.getKey(), field.getValue()));
            JsonNode messages = json.isObject() ? variables.remove(MESSAGES) : json;
            if (messages == null) {
                throw new IOException(file + ": has no messages");
            }
            return new MessagesFile(ChatMessage.listOf(messages), variables);
        } catch (JacksonException e) {
            throw new IOException(file + ": not JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
