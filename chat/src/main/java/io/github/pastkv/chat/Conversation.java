package io.github.pastkv.chat;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A conversation with a model, with branches that share their common turns. For each turn the whole conversation is
 * encoded, and the cache is rewound to the first token that differs, so that only new tokens are computed. A format may
 * therefore change earlier messages (some templates remove old thinking), a turn can be undone, and each answer equals
 * that of a fresh session with the same tokens. An answer keeps its generated tokens wherever the format renders its
 * text unchanged.
 *
 * <p>For one thread at a time. Owns its sessions until {@link #close}.
 */
public final class Conversation implements AutoCloseable {
    /** Name of the first branch. */
    public static final String MAIN = "main";

    private final ChatFormat format;
    private final TextTokenizer tokenizer;
    private final Map<String, Branch> branches = new LinkedHashMap<>();
    private Branch current;

    /**
     * A conversation without turns.
     *
     * @param session of one row and empty; closed with the conversation
     */
    public Conversation(Session session, ChatFormat format) {
        this(session, format, List.of());
    }

    private Conversation(Session session, ChatFormat format, List<ChatMessage> messages) {
        Objects.requireNonNull(session, "session: null");
        Objects.requireNonNull(format, "format: null");
        Objects.requireNonNull(messages, "messages: null");
        ChatMessage.requireNoneNull(messages);
        if (session.batchSize() != 1 || session.size() != 0 || session.frozen()) {
            throw new IllegalArgumentException("session: has " + session.batchSize() + " rows and " + session.size()
                    + " slots" + (session.frozen() ? ", frozen" : "") + ", must be one empty row");
        }
        this.format = format;
        this.tokenizer = session.model().tokenizer().orElseThrow(
                () -> new IllegalArgumentException("session: its model has no tokenizer"));
        this.current = Branch.root(MAIN, session, messages);
        branches.put(MAIN, current);
    }

    /**
     * A conversation that starts with messages, for example a system message. Questions with an answer become turns; if
     * the last message has no answer, {@link #answer} generates it.
     *
     * @param session of one row and empty; closed with the conversation
     */
    public static Conversation of(Session session, ChatFormat format, List<ChatMessage> messages) {
        return new Conversation(session, format, messages);
    }

    /** A conversation that was saved. */
    Conversation(List<Branch> saved, String currentName, ChatFormat format) {
        this.format = format;
        this.tokenizer = saved.getFirst().session().model().tokenizer().orElseThrow();
        saved.forEach(branch -> branches.put(branch.name(), branch));
        this.current = Objects.requireNonNull(branches.get(currentName));
    }

    /**
     * Writes all branches to a file that {@link #open} reads: their messages and turns, and the keys and values of
     * their sessions, of which shared ones are there once.
     */
    public void save(Path file) throws IOException {
        Objects.requireNonNull(file, "file: null");
        ConversationFile.write(file, List.copyOf(branches.values()), current.name());
    }

    /**
     * Opens a conversation that {@link #save} wrote, in the branch that was the current one. Its turns have no
     * generation.
     *
     * @param options null for those that its sessions had
     * @throws IOException naming the file, where it is damaged or no conversation, or its sessions cannot be opened
     *         with this model and these options ({@link Model#openSession})
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    public static Conversation open(Model model, Path file, @Nullable SessionOptions options, ChatFormat format)
            throws IOException {
        Objects.requireNonNull(model, "model: null");
        Objects.requireNonNull(file, "file: null");
        Objects.requireNonNull(format, "format: null");
        return ConversationFile.read(model, file, options, format);
    }

    /**
     * Asks the model and adds the answer as a turn; a canceled answer is added as far as it was generated.
     *
     * @param options one answer only; the format's own stop tokens are added, and the conversation so far is known to
     *        the repetition penalty and to speculative decoding
     * @param listener receives the answer in row 0, on this thread
     * @throws ContextFullException when the conversation would not fit into the context; nothing has changed
     * @throws IllegalArgumentException if the format rejects it; nothing has changed
     * @throws PoolExhaustedException when the cache's limit in bytes is reached; no turn is added
     */
    public Turn say(String user, GenerationOptions options, GenerationListener listener) {
        Objects.requireNonNull(user, "user: null");
        if (user.isEmpty() && current.messages().isEmpty()) {
            throw new IllegalArgumentException("user: the message is empty");
        }
        return answer(List.of(ChatMessage.user(user)), options, listener);
    }

    /**
     * Adds messages, such as the results of tools, and generates an answer, as {@link #say} does.
     *
     * @param messages empty to answer the last message
     */
    public Turn answer(List<ChatMessage> messages, GenerationOptions options, GenerationListener listener) {
        return answer(messages, options, listener, ToolCallListener.NONE);
    }

    /**
     * Adds messages and generates an answer that may call tools, in a format {@linkplain ChatFormat#withTools with
     * tools}. A call that was cut is not in the turn's message.
     *
     * @param listener receives the text of the answer without calls
     * @param calls receives text and calls
     */
    public Turn answer(List<ChatMessage> messages, GenerationOptions options, GenerationListener listener,
            ToolCallListener calls) {
        Objects.requireNonNull(calls, "calls: null");
        Objects.requireNonNull(messages, "messages: null");
        Objects.requireNonNull(options, "options: null");
        Objects.requireNonNull(listener, "listener: null");
        requireOneAnswer(options);
        int[] ids = promptIds(messages);
        int numKnown = current.tokens().rewindTo(ids);
        List<Integer> known = Arrays.stream(ids, 0, numKnown).boxed().toList();
        int[] newIds = Arrays.copyOfRange(ids, numKnown, ids.length);
        AnswerText answer = new AnswerText(tokenizer, format, listener, calls);
        try {
            Generation generation = current.session().generate(new int[][] {newIds},
                    withFormat(options).withKnownTokens(known), answer);
            Turn turn = new Turn(messages, answer.message(generation), Optional.of(generation), numKnown);
            return current.add(turn);
        } finally {
            current.tokens().noteCached(ids, answer.tokenIds());
        }
    }

    /**
     * The prompt tokens of {@link #answer}.
     *
     * @throws ContextFullException when they do not fit into the context
     * @throws IllegalArgumentException when the format refuses the conversation
     */
    public int[] promptIds(List<ChatMessage> added) {
        Objects.requireNonNull(added, "added: null");
        ChatMessage.requireNoneNull(added);
        List<ChatMessage> messages = new ArrayList<>(current.messages());
        messages.addAll(added);
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("messages: there are none to answer");
        }
        int[] ids = current.tokens().keep(format.encode(messages), tokenizer);
        requireFits(ids);
        return ids;
    }

    private void requireOneAnswer(GenerationOptions options) {
        if (options.grammar() != null && format.grammar() != null) {
            throw new IllegalArgumentException("grammar: with tools, it must be given to them: Tools.withText");
        }
        if (options.numReturnSequences() != 1) {
            throw new IllegalArgumentException(
                    "numReturnSequences: " + options.numReturnSequences() + ", a turn has one answer");
        }
    }

    private void requireFits(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("user: the message is empty");
        }
        if (ids.length > current.session().maxSeqLen()) {
            throw new ContextFullException(ids.length, current.session().maxSeqLen());
        }
    }

    private GenerationOptions withFormat(GenerationOptions options) {
        Grammar grammar = format.grammar();
        Set<Integer> stopTokens = new HashSet<>(options.stopTokens());
        stopTokens.addAll(format.stopTokens());
        return options.withStopTokens(stopTokens).withGrammar(grammar == null ? options.grammar() : grammar);
    }

    /**
     * Removes the last turn of the current branch. Its tokens stay in the cache until the next turn.
     *
     * @return the turn, or empty if there is none
     */
    public Optional<Turn> undo() {
        return current.turns().isEmpty() ? Optional.empty() : Optional.of(current.undo());
    }

    /**
     * Removes the oldest turns of the current branch, to make room in the context; messages before them, such as a
     * system message, stay.
     *
     * @throws IllegalArgumentException unless there are so many
     */
    public void dropOldest(int numTurns) {
        if (numTurns < 0 || numTurns > current.turns().size()) {
            throw new IllegalArgumentException("numTurns: " + numTurns + ", there are " + current.turns().size());
        }
        current.dropOldest(numTurns);
    }

    private void requireNew(String name) {
        Objects.requireNonNull(name, "name: null");
        if (branches.containsKey(name) || name.isBlank()) {
            throw new IllegalArgumentException(
                    name.isBlank() ? "name: is blank" : "name: there is a branch " + name + " already");
        }
    }

    /**
     * Forks the current branch and continues in the fork; nothing is computed or copied.
     *
     * @throws IllegalArgumentException when there is a branch of that name
     */
    public void fork(String name) {
        requireNew(name);
        current = current.fork(name);
        branches.put(name, current);
    }

    /**
     * Continues in a new branch with the given messages.
     *
     * @throws IllegalArgumentException when there is a branch of that name
     */
    public void load(String name, List<ChatMessage> messages) {
        Objects.requireNonNull(messages, "messages: null");
        ChatMessage.requireNoneNull(messages);
        requireNew(name);
        current = current.forkFor(name, messages);
        branches.put(name, current);
    }

    /**
     * Switches to another branch.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public void switchTo(String name) {
        Objects.requireNonNull(name, "name: null");
        Branch branch = branches.get(name);
        if (branch == null) {
            throw new IllegalArgumentException(
                    "name: there is no branch " + name + ", only " + String.join(", ", branches.keySet()));
        }
        current = branch;
    }

    /** The turns of the current branch, oldest first. */
    public List<Turn> turns() {
        return List.copyOf(current.turns());
    }

    /** All messages of the current branch, oldest first. */
    public List<ChatMessage> messages() {
        return List.copyOf(current.messages());
    }

    /** The session of the current branch, for inspection. */
    public Session session() {
        return current.session();
    }

    /** The current branch. */
    public BranchInfo branch() {
        return info(current);
    }

    /** All branches, oldest first. */
    public List<BranchInfo> branches() {
        return branches.values().stream().map(this::info).toList();
    }

    private BranchInfo info(Branch branch) {
        return new BranchInfo(branch.name(), branch.parent(), branch.numSharedTurns(), branch.turns().size(),
                branch.tokens().numCached(), branch == current);
    }

    /** Closes the sessions of all branches. */
    @Override
    public void close() {
        branches.values().forEach(Branch::close);
    }

    @Override
    public String toString() {
        return "Conversation[branches " + branches.keySet() + "]";
    }
}
