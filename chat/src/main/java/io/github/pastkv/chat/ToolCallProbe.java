package io.github.pastkv.chat;

import io.github.pastkv.chat.jinja.JinjaException;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallFormat;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds how a template writes calls: renders a conversation with one call and with two, and reads what it puts around
 * name and arguments. So white space is that of the template, as the model has seen it in training.
 */
final class ToolCallProbe {
    private static final String ID = "probeCall"; // 9 letters, as Mistral's templates demand
    private static final String NAME = "pastkv_probe";
    private static final String ARGUMENTS = "{\"pastkv_key\": \"pastkv_value\"}";
    private static final String PYTHON_TAG = "<|python_tag|>";
    private static final String TOOL_CALLS = "[TOOL_CALLS]";
    private static final String BEGIN_CALL = "<tool_call>";
    private static final String END_CALL = "</tool_call>";
    private static final String ARGS = "[ARGS]";
    private static final String CALL_ID = "[CALL_ID]";

    private static final Pattern NOTHING = Pattern.compile("()");
    private static final Pattern AFTER_NAME = Pattern.compile("\"\\s*,\\s*\"(arguments|parameters)\"\\s*:\\s*");
    private static final Pattern HERMES_BEFORE =
            Pattern.compile(".*" + BEGIN_CALL + "(\\s*\\{\\s*\"name\"\\s*:\\s*\")", Pattern.DOTALL);
    private static final Pattern HERMES_CLOSE = Pattern.compile("(\\s*}\\s*" + END_CALL + ")");
    private static final Pattern MISTRAL_BEFORE = Pattern.compile(
            ".*" + Pattern.quote(TOOL_CALLS) + "(\\s*\\[\\s*\\{\\s*\"name\"\\s*:\\s*\")", Pattern.DOTALL);
    private static final Pattern MISTRAL_CLOSE = Pattern.compile("(?:, \"id\": \"" + ID + "\")?(\\s*})");
    private static final Pattern MISTRAL_END = Pattern.compile("(\\s*])");
    private static final Pattern TEKKEN_BEFORE =
            Pattern.compile(".*" + Pattern.quote(TOOL_CALLS) + "()", Pattern.DOTALL);
    private static final Pattern TEKKEN_AFTER_NAME = Pattern.compile(Pattern.quote(ARGS) + "\\s*");
    private static final Pattern LLAMA_BEFORE = Pattern.compile(".*(\\{\\s*\"name\"\\s*:\\s*\")", Pattern.DOTALL);
    private static final Pattern LLAMA_CLOSE = Pattern.compile("(\\s*})");

    private final Path file;
    private final Template template;

    private ToolCallProbe(Path file, Template template) {
        this.file = file;
        this.template = template;
    }

    /** A chat template with tools. */
    interface Template {
        /** The text of messages, with or without the start of an answer. */
        String render(List<ChatMessage> messages, boolean addsGenerationPrompt) throws JinjaException;
    }

    /**
     * The format of a template's calls.
     *
     * @param file that holds the template, for messages
     * @throws IllegalArgumentException saying why it is not supported
     */
    static ToolCallFormat find(Path file, Template template) {
        return new ToolCallProbe(file, template).find();
    }

    private ToolCallFormat find() {
        String rendered = render(messages(1), false);
        if (rendered.contains("<|channel|>")) {
            throw refusal("harmony is not supported");
        }
        int name = rendered.lastIndexOf(NAME);
        int arguments = rendered.indexOf(ARGUMENTS, Math.max(0, name));
        if (name < 0 || arguments < 0) {
            throw refusal("it writes no calls with a name and JSON arguments");
        }
        String before = rendered.substring(0, name);
        String afterName = rendered.substring(name + NAME.length(), arguments);
        String after = rendered.substring(arguments + ARGUMENTS.length());
        if (afterName.contains(CALL_ID)) {
            throw refusal("calls with an id between " + CALL_ID + " and " + ARGS + " are not supported");
        }
        for (Style style : Style.values()) {
            ToolCallFormat format = format(style, before, afterName, after);
            if (format != null) {
                return format;
            }
        }
        throw refusal("its way to write calls is not known");
    }

    /** The known ways to write calls. */
    private enum Style {
        HERMES(BEGIN_CALL, END_CALL, HERMES_BEFORE, AFTER_NAME, HERMES_CLOSE, NOTHING),
        MISTRAL(TOOL_CALLS, "", MISTRAL_BEFORE, AFTER_NAME, MISTRAL_CLOSE, MISTRAL_END),
        /** Mistral's since its tokenizer of version 13. */
        TEKKEN(TOOL_CALLS, ARGS, TEKKEN_BEFORE, TEKKEN_AFTER_NAME, NOTHING, NOTHING),
        LLAMA(PYTHON_TAG, "", LLAMA_BEFORE, AFTER_NAME, LLAMA_CLOSE, NOTHING);

        private final String marker;
        private final String otherToken; // another control token in calls; empty for none
        private final Pattern before;
        private final Pattern afterName;
        private final Pattern close; // of one call
        private final Pattern end; // after the last one

        Style(String marker, String otherToken, Pattern before, Pattern afterName, Pattern close, Pattern end) {
            this.marker = marker;
            this.otherToken = otherToken;
            this.before = before;
            this.afterName = afterName;
            this.close = close;
            this.end = end;
        }

        List<String> controlTokens() {
            return otherToken.isEmpty() ? List.of(marker) : List.of(marker, otherToken);
        }
    }

    private @Nullable ToolCallFormat format(Style style, String before, String afterName, String after) {
        Matcher opening = style.before.matcher(before);
        Matcher closing = style.close.matcher(after);
        if (!style.afterName.matcher(afterName).matches() || !opening.matches() || !closing.lookingAt()
                || (style == Style.LLAMA && !beginsAnswer(opening))) {
            return null;
        }
        Matcher end = style.end.matcher(after.substring(closing.end()));
        return !end.lookingAt() ? null : new ToolCallFormat(style.name().toLowerCase(Locale.ROOT),
                style.marker, style == Style.LLAMA, opening.group(1), afterName, closing.group(1), next(style),
                end.group(1), style.controlTokens());
    }

    /** Whether the call is all that the answer begins with, so that no marker is overlooked. */
    private boolean beginsAnswer(Matcher opening) {
        return opening.group().equals(render(List.of(ChatMessage.user("probe")), true) + opening.group(1));
    }

    /** What stands between two calls; null if the template refuses two, or writes them in another way. */
    private @Nullable String next(Style style) {
        String rendered;
        try {
            rendered = template.render(messages(2), false);
        } catch (JinjaException _) {
            return null;
        }
        int last = rendered.lastIndexOf(NAME);
        int first = rendered.lastIndexOf(NAME, last - 1);
        int arguments = rendered.indexOf(ARGUMENTS, Math.max(0, first));
        if (first < 0 || arguments < 0 || arguments > last) {
            return null;
        }
        String between = rendered.substring(arguments + ARGUMENTS.length(), last);
        Matcher closing = style.close.matcher(between);
        return closing.lookingAt() ? between.substring(closing.end()) : null;
    }

    private String render(List<ChatMessage> messages, boolean addsGenerationPrompt) {
        try {
            return template.render(messages, addsGenerationPrompt);
        } catch (JinjaException e) {
            throw refusal("it writes no calls: " + e.getMessage());
        }
    }

    private static List<ChatMessage> messages(int numCalls) {
        ToolCall call = new ToolCall(ID, NAME, ARGUMENTS);
        return List.of(ChatMessage.user("probe"),
                ChatMessage.assistant("", Collections.nCopies(numCalls, call)));
    }

    private IllegalArgumentException refusal(String reason) {
        return new IllegalArgumentException("tools: are not supported with the chat template of " + file
                + ": " + reason + "; supported are those of Hermes and Qwen, Llama 3.1 and Mistral");
    }
}
