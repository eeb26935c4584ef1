package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.ToolCallFormat;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Plain-text format for models without a chat template: every message except answers starts on a new line, and an
 * answer directly follows its question. Answers keep their generated tokens.
 */
public final class PlainFormat implements ChatFormat {
    private static final String PROBE = "a";

    private final TextTokenizer tokenizer;

    private PlainFormat(TextTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The format for a model.
     *
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    public static PlainFormat of(Model model) {
        return new PlainFormat(model.tokenizer().orElseThrow(
                () -> new IllegalArgumentException("model: " + model.folder() + " has no tokenizer")));
    }

    @Override
    public int[] encode(List<ChatMessage> messages) {
        IntStream ids = IntStream.of(beginIds());
        StringBuilder text = new StringBuilder(); // what has not been encoded yet
        String line = ""; // the last line so far
        boolean isFirst = true;
        for (ChatMessage message : messages) {
            requirePlain(message);
            boolean isAnswer = message.hasRole(ChatMessage.ASSISTANT);
            text.append(isAnswer ? "" : newLine(line));
            if (isAnswer && !message.tokenIds().isEmpty()) {
                ids = IntStream.concat(IntStream.concat(ids, encode(text.toString(), isFirst)),
                        message.tokenIds().stream().mapToInt(id -> id));
                isFirst = false;
                text.setLength(0);
            } else {
                text.append(message.content());
            }
            line = isAnswer ? line + message.content() : message.content();
        }
        return IntStream.concat(ids, encode(text.toString(), isFirst)).toArray();
    }

    /** Definitions, calls and results as text: a model without a template has not seen calls in training. */
    @Override
    public ToolFormat withTools(Tools tools) {
        Objects.requireNonNull(tools, "tools: null");
        return new ToolFormat(new PlainToolFormat(this, tools), ToolCallFormat.PLAIN, tools);
    }

    private static void requirePlain(ChatMessage message) {
        boolean isKnown = List.of(ChatMessage.SYSTEM, ChatMessage.USER, ChatMessage.ASSISTANT).contains(message.role());
        if (!isKnown || message.json().path("content").isArray() || message.json().has("tool_calls")) {
            throw new IllegalArgumentException("messages: '" + message.role()
                    + "' with other fields than text needs a chat template, which this model lacks, or tools");
        }
    }

    private IntStream encode(String text, boolean isFirst) {
        return IntStream.of(isFirst ? tokenizer.encodeContent(text) : tokenizer.encodeContentContinuation(text));
    }

    /** What ends the last line of a text. */
    private static String newLine(String text) {
        return text.isEmpty() || text.endsWith("\n") ? "" : "\n";
    }

    /** What the tokenizer puts before a text. */
    private int[] beginIds() {
        int[] around = tokenizer.encode(PROBE, true);
        int[] alone = tokenizer.encode(PROBE, false);
        int numBefore = 0;
        while (!Arrays.equals(around, numBefore, numBefore + alone.length, alone, 0, alone.length)) {
            numBefore++;
        }
        return Arrays.copyOf(around, numBefore);
    }

    @Override
    public Set<Integer> stopTokens() {
        return Set.of();
    }

    @Override
    public boolean continuesText() {
        return true;
    }

    @Override
    public String toString() {
        return "PlainFormat";
    }
}
