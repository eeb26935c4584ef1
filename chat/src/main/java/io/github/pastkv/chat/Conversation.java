package io.github.pastkv.chat;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A conversation with a model, in branches that share what they have in common. A turn computes only what the cache does
 * not hold: the tokens of the whole conversation are written down anew for each turn, and the cache goes back to where
 * they first differ from what it holds. So a format may change what is past (templates leave out old thinking, say), a
 * turn may be taken back, and each answer is the one that a fresh session would give to the same tokens.
 *
 * <p>For one thread at a time. Owns its sessions until {@link #close}.
 */
public final class Conversation implements AutoCloseable {
    /** Name of the first branch. */
    public static final String MAIN = "main";

    private final ChatFormat format;
    private final Map<String, Branch> branches = new LinkedHashMap<>();
    private Branch current;

    /**
     * A conversation without turns.
     *
     * @param session of one row and empty; closed with the conversation
     */
    public Conversation(Session session, ChatFormat format) {
        if (session.batchSize() != 1 || session.size() != 0 || session.frozen()) {
            throw new IllegalArgumentException("session: has " + session.batchSize() + " rows and " + session.size()
                    + " slots" + (session.frozen() ? ", frozen" : "") + ", must be one empty row");
        }
        this.format = format;
        this.current = Branch.root(MAIN, session);
        branches.put(MAIN, current);
    }

    /**
     * Asks, and adds the answer as a turn; one that the listener cancels is added as far as it came.
     *
     * @param options one answer only; the format's own stop tokens are added, and the conversation so far is known to the
     *        repetition penalty and to guesses
     * @param listener hears the answer in row 0, on this thread
     * @throws IllegalArgumentException when the conversation would not fit into the context, naming both numbers, or the
     *         format refuses it; nothing has changed
     * @throws PoolExhaustedException when the cache's limit in bytes is reached; no turn is added
     */
    public Turn say(String user, GenerationOptions options, GenerationListener listener) {
        requireOneAnswer(options);
        int[] ids = format.encode(current.turns(), user);
        requireFits(ids);
        int numKnown = current.rewindTo(ids);
        List<Integer> known = Arrays.stream(ids, 0, numKnown).boxed().toList();
        int[] newIds = Arrays.copyOfRange(ids, numKnown, ids.length);
        List<Integer> answer = new ArrayList<>();
        try {
            Generation generation = current.session().generate(new int[][] {newIds},
                    withStopTokens(options).withKnownTokens(known), remembering(answer, listener));
            Turn turn = new Turn(user, generation, numKnown);
            current.turns().add(turn);
            return turn;
        } finally {
            current.noteCached(ids, answer);
        }
    }

    private static void requireOneAnswer(GenerationOptions options) {
        if (options.numReturnSequences() != 1) {
            throw new IllegalArgumentException(
                    "numReturnSequences: " + options.numReturnSequences() + ", a turn has one answer");
        }
    }

    private void requireFits(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("user: nothing is said");
        }
        if (ids.length > current.session().maxSeqLen()) {
            throw new IllegalArgumentException("the conversation would have " + ids.length
                    + " tokens, the context is " + current.session().maxSeqLen());
        }
    }

    private GenerationOptions withStopTokens(GenerationOptions options) {
        Set<Integer> stopTokens = new HashSet<>(options.stopTokens());
        stopTokens.addAll(format.stopTokens());
        return options.withStopTokens(stopTokens);
    }

    private static GenerationListener remembering(List<Integer> answer, GenerationListener listener) {
        return new GenerationListener() {
            @Override
            public boolean onToken(int row, int tokenId) {
                answer.add(tokenId);
                return listener.onToken(row, tokenId);
            }

            @Override
            public void onText(int row, String text) {
                listener.onText(row, text);
            }
        };
    }

    /**
     * Takes back the last turn of the current branch. The cache keeps it until the next turn says what is of use.
     *
     * @return the turn, or empty if there is none
     */
    public Optional<Turn> undo() {
        return current.turns().isEmpty() ? Optional.empty() : Optional.of(current.undo());
    }

    /**
     * Goes on in a copy of the current branch; nothing is computed or copied for it.
     *
     * @throws IllegalArgumentException when there is a branch of that name
     */
    public void fork(String name) {
        if (branches.containsKey(name) || name.isBlank()) {
            throw new IllegalArgumentException(
                    name.isBlank() ? "name: is blank" : "name: there is a branch " + name + " already");
        }
        current = current.fork(name);
        branches.put(name, current);
    }

    /**
     * Goes on in another branch.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public void switchTo(String name) {
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

    /** The session of the current branch, to look at. */
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
                branch.numCachedTokens(), branch == current);
    }

    /** Closes the sessions of all branches. */
    @Override
    public void close() {
        branches.values().forEach(Branch::close);
    }
}
