package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.chat.tools.ToolCallParser;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.RecordType;
import io.github.pastkv.model.grammar.Grammar;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A stateless chat: each call gets the whole list of messages, for backends whose clients keep the conversation.
 * Prefixes of earlier calls are reused from the model's prefix cache, including answers: when a client sends the text
 * of an answer back, its original tokens are used ({@link GeneratedTokens}).
 *
 * <p>Safe for any number of threads; each call has its own session. Does not own the model.
 */
public final class Chat {
    private final Model model;
    private final ChatFormat format;
    private final GeneratedTokens generated;
    private final ToolFormats toolFormats; // of the format without tools

    /**
     * Answers in a format.
     *
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    public Chat(Model model, ChatFormat format) {
        this(model, format, new GeneratedTokens(model.tokenizer().orElseThrow(
                () -> new IllegalArgumentException("model: " + model.folder() + " has no tokenizer"))),
                new ToolFormats(format));
    }

    private Chat(Model model, ChatFormat format, GeneratedTokens generated, ToolFormats toolFormats) {
        this.model = model;
        this.format = Objects.requireNonNull(format, "format: null");
        this.generated = generated;
        this.toolFormats = toolFormats;
    }

    /** Answers in the model's own format: {@link ChatFormats#of}. */
    public static Chat of(Model model) throws IOException {
        return new Chat(model, ChatFormats.of(model));
    }

    /** Answers in another format, such as the same template with other variables, and knows the same conversations. */
    public Chat withFormat(ChatFormat newFormat) {
        return new Chat(model, newFormat, generated, new ToolFormats(newFormat));
    }

    /**
     * Answers with text or calls of tools, which the message of a turn holds ({@link ChatMessage#toolCalls}), and knows
     * the same conversations. Results of calls come with the next messages, as those of a tool. Replaces
     * tools given before.
     *
     * @throws IllegalArgumentException if the format does not support tools, or a schema is not supported
     */
    public Chat withTools(Tools tools) {
        Objects.requireNonNull(tools, "tools: null");
        return new Chat(model, toolFormats.of(tools), generated, toolFormats);
    }

    public Model model() {
        return model;
    }

    public ChatFormat format() {
        return format;
    }

    /** Answers messages in a session with the defaults. */
    public Turn answer(List<ChatMessage> messages, GenerationOptions options, GenerationListener listener) {
        return answer(messages, options, SessionOptions.defaults(), listener);
    }

    /**
     * Answers messages.
     *
     * @param messages oldest first; the last one is answered
     * @return the answer; its {@code generation} says how many tokens of the prompt were found in the prefix cache
     *         ({@code numReusedTokens}) and how many there were
     * @throws ContextFullException when the messages do not fit into the context
     * @throws IllegalArgumentException if the format rejects them
     */
    public Turn answer(List<ChatMessage> messages, GenerationOptions options, SessionOptions sessionOptions,
            GenerationListener listener) {
        return answer(messages, options, sessionOptions, listener, ToolCallListener.NONE);
    }

    /**
     * Answers messages, {@linkplain #withTools with tools}.
     *
     * @param listener receives tokens, and text outside calls
     * @param calls receives text and calls
     */
    public Turn answer(List<ChatMessage> messages, GenerationOptions options, SessionOptions sessionOptions,
            GenerationListener listener, ToolCallListener calls) {
        Objects.requireNonNull(messages, "messages: null");
        ChatMessage.requireNoneNull(messages);
        Objects.requireNonNull(options, "options: null");
        Objects.requireNonNull(sessionOptions, "sessionOptions: null");
        Objects.requireNonNull(listener, "listener: null");
        Objects.requireNonNull(calls, "calls: null");
        RestoringFormat restoring = new RestoringFormat(sessionOptions);
        Session session = model.newSession(sessionOptions);
        try (Conversation conversation = Conversation.of(session, restoring, List.of())) {
            Turn turn = conversation.answer(messages, options, listener, calls);
            generated.add(sessionOptions.prefixReuse().salt(), restoring.lastIds,
                    turn.generation().orElseThrow().rows().getFirst());
            return turn;
        }
    }

    /**
     * The tokens of a prompt as {@link #answer} computes them: those of earlier answers as they were generated.
     *
     * @throws IllegalArgumentException if the format rejects the messages
     */
    public int[] promptIds(List<ChatMessage> messages, SessionOptions sessionOptions) {
        Objects.requireNonNull(messages, "messages: null");
        Objects.requireNonNull(sessionOptions, "sessionOptions: null");
        ChatMessage.requireNoneNull(messages);
        return generated.restore(sessionOptions.prefixReuse().salt(), format.encode(messages));
    }

    /**
     * Answers messages with a value of a record type: the answer is JSON within the type's schema, whatever the model.
     * The messages should ask for it.
     *
     * @throws IllegalStateException if the answer is cut before its end, by the limit of new tokens, say
     */
    public <T extends Record> T answer(List<ChatMessage> messages, RecordType<T> type, GenerationOptions options) {
        Turn turn = answer(messages, type.constrain(options), GenerationListener.NONE);
        return type.read(turn.generation().orElseThrow());
    }

    /** Writes messages with the tokens of earlier answers; for one call. */
    private final class RestoringFormat implements ChatFormat {
        private final SessionOptions sessionOptions;
        private int[] lastIds = new int[0];

        RestoringFormat(SessionOptions sessionOptions) {
            this.sessionOptions = sessionOptions;
        }

        @Override
        public int[] encode(List<ChatMessage> messages) {
            lastIds = promptIds(messages, sessionOptions);
            return lastIds;
        }

        @Override
        public Set<Integer> stopTokens() {
            return format.stopTokens();
        }

        @Override
        public boolean continuesText() {
            return format.continuesText();
        }

        @Override
        public Optional<ToolCallParser> callParser(ToolCallListener listener) {
            return format.callParser(listener);
        }

        @Override
        public @Nullable Grammar grammar() {
            return format.grammar();
        }
    }

    @Override
    public String toString() {
        return "Chat[" + model + ", " + format + "]";
    }
}
