package io.github.pastkv.chat;

import io.github.pastkv.chat.jinja.JinjaException;
import io.github.pastkv.chat.jinja.JinjaTemplate;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallFormat;
import io.github.pastkv.chat.tools.Tools;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Plain text with tools: their definitions come first, calls and results are written in tags as Hermes does. */
final class PlainToolFormat implements ChatFormat {
    private final ChatFormat plain;
    private final Tools tools;

    PlainToolFormat(ChatFormat plain, Tools tools) {
        this.plain = plain;
        this.tools = tools;
    }

    @Override
    public int[] encode(List<ChatMessage> messages) {
        List<ChatMessage> written = new ArrayList<>();
        written.add(ChatMessage.system(definitions()));
        messages.forEach(message -> written.add(plain(message)));
        return plain.encode(written);
    }

    private String definitions() {
        StringBuilder text = new StringBuilder("You may call these functions:\n");
        tools.definitions().forEach(tool -> text.append(tool.json().path("function")).append('\n'));
        return text.append("To call one, answer <tool_call>\n{\"name\": \"...\", \"arguments\": {...}}\n</tool_call>")
                .toString();
    }

    private static ChatMessage plain(ChatMessage message) {
        if (message.hasRole(ChatMessage.TOOL)) {
            return ChatMessage.user("<tool_response>\n" + message.content() + "\n</tool_response>");
        }
        List<ToolCall> calls = message.hasRole(ChatMessage.ASSISTANT) ? message.toolCalls() : List.of();
        if (calls.isEmpty()) {
            return message;
        }
        StringBuilder text = new StringBuilder(message.content());
        for (ToolCall call : calls) {
            text.append(text.isEmpty() ? "" : "\n").append(text(call));
        }
        return ChatMessage.assistant(text.toString()).withTokenIds(message.tokenIds());
    }

    private static String text(ToolCall call) {
        ToolCallFormat format = ToolCallFormat.PLAIN;
        return format.marker() + format.beforeName() + call.name() + format.afterName() + spaced(call.argumentsJson())
                + format.close();
    }

    /** JSON with a space after colons and commas, as grammars have it. */
    private static String spaced(JsonNode json) {
        try {
            return JinjaTemplate.parse("{{ json | tojson }}").render(Map.of("json", json));
        } catch (JinjaException e) {
            throw new IllegalArgumentException("arguments: cannot be written: " + e.getMessage(), e);
        }
    }

    @Override
    public Set<Integer> stopTokens() {
        return plain.stopTokens();
    }

    @Override
    public boolean continuesText() {
        return plain.continuesText();
    }

    @Override
    public String toString() {
        return plain + " with tools";
    }
}
