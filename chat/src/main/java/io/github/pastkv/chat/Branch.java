package io.github.pastkv.chat;

import io.github.pastkv.model.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One line of a conversation: its turns, and a session with the ids of what that holds. */
final class Branch implements AutoCloseable {
    private final String name;
    private final @Nullable String parent;
    private int numSharedTurns;
    private final Session session;
    private final List<Turn> turns;
    private int[] cachedIds;

    private Branch(String name, @Nullable String parent, Session session, List<Turn> turns, int[] cachedIds) {
        this.name = name;
        this.parent = parent;
        this.numSharedTurns = turns.size();
        this.session = session;
        this.turns = new ArrayList<>(turns);
        this.cachedIds = cachedIds;
    }

    /** The first one, over an empty session. */
    static Branch root(String name, Session session) {
        return new Branch(name, null, session, List.of(), new int[0]);
    }

    /** One that goes on from here by itself; nothing is copied. */
    Branch fork(String newName) {
        return new Branch(newName, name, session.fork(), turns, cachedIds);
    }

    String name() {
        return name;
    }

    /** Name of the branch that this one comes from; null for the first. */
    @Nullable
    String parent() {
        return parent;
    }

    /** Turns that it has from the branch it comes from. */
    int numSharedTurns() {
        return numSharedTurns;
    }

    Session session() {
        return session;
    }

    List<Turn> turns() {
        return turns;
    }

    /** Takes back the last turn; an inherited one is its own affair from then on. */
    Turn undo() {
        Turn last = turns.removeLast();
        numSharedTurns = Math.min(numSharedTurns, turns.size());
        return last;
    }

    /** Makes the session hold as much of {@code ids} as it does already, the last one not; returns how many. */
    int rewindTo(int[] ids) {
        int mismatch = Arrays.mismatch(cachedIds, ids);
        int numAgreeing = mismatch < 0 ? ids.length : mismatch;
        int numKept = Math.min(numAgreeing, ids.length - 1); // the last one is computed for its logits
        int numBack = cachedIds.length - numKept;
        if (session.canRewind(numBack)) {
            session.rewind(numBack);
        } else { // a window has forgotten what would be seen from there
            session.reset();
            numKept = 0;
        }
        cachedIds = Arrays.copyOf(ids, numKept);
        return numKept;
    }

    /** Says what the session holds after a generation: the first of the prompt and the answer. */
    void noteCached(int[] prompt, List<Integer> answer) {
        cachedIds = IntStream.concat(IntStream.of(prompt), answer.stream().mapToInt(id -> id))
                .limit(session.numTokens(0)).toArray();
    }

    /** Tokens in the cache. */
    int numCachedTokens() {
        return cachedIds.length;
    }

    @Override
    public void close() {
        session.close();
    }
}
