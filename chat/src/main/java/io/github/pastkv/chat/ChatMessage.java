package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.ToolCall;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A message of a conversation, as chat templates use it: a role, a content, and any other fields that a template
 * supports, such as {@code tool_calls}. Immutable.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, {@code tool} or another role that the template supports
 * @param content its text; empty if it has none or consists of parts
 * @param json all its fields, including role and content; must not be changed
 * @param tokenIds the tokens that a model generated for it, or empty; formats without a template reuse them
 */
public record ChatMessage(String role, String content, ObjectNode json, List<Integer> tokenIds) {
    static final String SYSTEM = "system";
    static final String USER = "user";
    static final String ASSISTANT = "assistant";
    static final String TOOL = "tool";
    private static final String TOOL_CALLS = "tool_calls";

    public ChatMessage {
        Objects.requireNonNull(json, "json: null");
        tokenIds = List.copyOf(tokenIds);
    }

    /** A system message. */
    public static ChatMessage system(String content) {
        return of(SYSTEM, content);
    }

    /** A message of the user. */
    public static ChatMessage user(String content) {
        return of(USER, content);
    }

    /** An answer of the model. */
    public static ChatMessage assistant(String content) {
        return of(ASSISTANT, content);
    }

    /**
     * An answer of the model with calls of tools.
     *
     * @param content the text beside them; often empty
     * @throws IllegalArgumentException if the arguments of a call are no JSON object
     */
    public static ChatMessage assistant(String content, List<ToolCall> calls) {
        ChatMessage message = of(ASSISTANT, content);
        if (!calls.isEmpty()) {
            ArrayNode list = message.json.putArray(TOOL_CALLS);
            calls.forEach(call -> list.add(call.json()));
        }
        return message;
    }

    /** The calls of tools in it, oldest first. */
    public List<ToolCall> toolCalls() {
        return json.path(TOOL_CALLS).valueStream().map(ToolCall::of).toList();
    }

    /**
     * The result of a tool call.
     *
     * @param toolCallId the id of the call
     */
    public static ChatMessage tool(String toolCallId, String content) {
        Objects.requireNonNull(toolCallId, "toolCallId: null");
        ChatMessage message = of(TOOL, content);
        message.json.put("tool_call_id", toolCallId);
        return message;
    }

    static ChatMessage of(String role, String content) {
        Objects.requireNonNull(content, "content: null");
        ObjectNode json = JsonMapper.shared().createObjectNode().put("role", role).put("content", content);
        return new ChatMessage(role, content, json, List.of());
    }

    /**
     * A message with any fields, as in Hugging Face's and OpenAI's interfaces.
     *
     * @throws IllegalArgumentException unless it is an object whose {@code role} is a string and whose {@code content},
     *         if it has one, is a string, a list of parts or null
     */
    public static ChatMessage of(JsonNode json) {
        Objects.requireNonNull(json, "json: null");
        if (!(json instanceof ObjectNode fields) || !fields.path("role").isString()) {
            throw new IllegalArgumentException("message: must be an object with a role, is " + shortened(json));
        }
        JsonNode content = fields.path("content");
        if (!content.isString() && !content.isArray() && !content.isNull() && !content.isMissingNode()) {
            throw new IllegalArgumentException(
                    "message: content must be a string, a list or null, is " + shortened(content));
        }
        return new ChatMessage(fields.path("role").stringValue(), content.isString() ? content.stringValue() : "",
                fields.deepCopy(), List.of());
    }

    /**
     * The messages of a JSON array.
     *
     * @throws IllegalArgumentException naming the invalid message, counted from 0
     */
    public static List<ChatMessage> listOf(JsonNode array) {
        Objects.requireNonNull(array, "array: null");
        if (!array.isArray()) {
            throw new IllegalArgumentException("messages: must be a list, is " + shortened(array));
        }
        int[] index = {0};
        return array.valueStream().map(json -> {
            try {
                index[0]++;
                return of(json);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("messages[" + (index[0] - 1) + "]: " + e.getMessage(), e);
            }
        }).toList();
    }

    private static String shortened(JsonNode json) {
        String text = json.toString();
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }

    /** Rejects null among messages, naming its place. */
    static void requireNoneNull(List<ChatMessage> messages) {
        for (int index = 0; index < messages.size(); index++) {
            if (messages.get(index) == null) {
                throw new NullPointerException("messages: " + index + " is null");
            }
        }
    }

    /** The same message with the tokens that a model generated for it. */
    ChatMessage withTokenIds(List<Integer> newTokenIds) {
        return new ChatMessage(role, content, json, newTokenIds);
    }

    boolean hasRole(String wanted) {
        return role.equals(wanted);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(role + ": " + content);
        for (Iterator<Map.Entry<String, JsonNode>> fields = json.properties().iterator(); fields.hasNext();) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (!field.getKey().equals("role") && !field.getValue().isString()) {
                text.append(' ').append(field.getKey()).append('=').append(field.getValue());
            }
        }
        return text.toString();
    }
}
