package io.github.pastkv.chat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A stateless chat: each call gets the whole list of messages, for backends whose clients keep the conversation.
 * Prefixes of earlier calls are reused from the model's prefix cache, including answers: when a client sends the text
 * of an answer back, its original tokens are used.
 *
 * <p>Safe for any number of threads; each call has its own session. Does not own the model.
 */
public final class Chat {
    private static final int MAX_KEPT_TOKENS = 1 << 20; // 4 MiB

    private final Model model;
    private final ChatFormat format;
    private final TextTokenizer tokenizer;
    private final Deque<int[]> kept = new ArrayDeque<>(); // prompts with their answers, newest first
    private int numKeptTokens;

    /**
     * Answers in a format.
     *
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    public Chat(Model model, ChatFormat format) {
        this.model = Objects.requireNonNull(model, "model: null");
        this.format = Objects.requireNonNull(format, "format: null");
        this.tokenizer = model.tokenizer().orElseThrow(
                () -> new IllegalArgumentException("model: " + model.folder() + " has no tokenizer"));
    }

    /** Answers in the model's own format: {@link ChatFormat#of}. */
    public static Chat of(Model model) throws IOException {
        return new Chat(model, ChatFormat.of(model));
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
        Objects.requireNonNull(messages, "messages: null");
        ChatMessage.requireNoneNull(messages);
        Objects.requireNonNull(options, "options: null");
        Objects.requireNonNull(sessionOptions, "sessionOptions: null");
        Objects.requireNonNull(listener, "listener: null");
        TokenKeepingFormat keeping = new TokenKeepingFormat(this);
        Session session = model.newSession(sessionOptions);
        try (Conversation conversation = Conversation.of(session, keeping, List.of())) {
            Turn turn = conversation.answer(messages, options, listener);
            keep(IntStream.concat(IntStream.of(keeping.lastIds), turn.message().tokenIds().stream().mapToInt(id -> id))
                    .toArray());
            return turn;
        }
    }

    private synchronized void keep(int[] ids) {
        kept.removeIf(earlier -> isPrefix(earlier, ids));
        kept.addFirst(ids);
        numKeptTokens = kept.stream().mapToInt(sequence -> sequence.length).sum();
        while (numKeptTokens > MAX_KEPT_TOKENS && kept.size() > 1) {
            numKeptTokens -= kept.removeLast().length;
        }
    }

    private static boolean isPrefix(int[] prefix, int[] ids) {
        return prefix.length <= ids.length && Arrays.equals(prefix, 0, prefix.length, ids, 0, prefix.length);
    }

    /** The kept sequence with the longest common prefix with {@code ids}. */
    private synchronized int[] closest(int[] ids) {
        int[] best = new int[0];
        int most = 0;
        for (int[] sequence : kept) {
            int mismatch = Arrays.mismatch(sequence, ids);
            int numEqual = mismatch < 0 ? ids.length : mismatch;
            if (numEqual > most) {
                most = numEqual;
                best = sequence;
            }
        }
        return best;
    }

    /** Writes messages with the tokens of earlier answers; for one call. */
    private static final class TokenKeepingFormat implements ChatFormat {
        private final Chat chat;
        private int[] lastIds = new int[0];

        TokenKeepingFormat(Chat chat) {
            this.chat = chat;
        }

        @Override
        public int[] encode(List<ChatMessage> messages) {
            int[] ids = chat.format.encode(messages);
            lastIds = TokenSplice.keep(chat.closest(ids), ids, chat.tokenizer);
            return lastIds;
        }

        @Override
        public Set<Integer> stopTokens() {
            return chat.format.stopTokens();
        }

        @Override
        public boolean continuesText() {
            return chat.format.continuesText();
        }
    }

    @Override
    public String toString() {
        return "Chat[" + model + ", " + format + "]";
    }
}
