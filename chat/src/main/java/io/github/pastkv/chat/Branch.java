package io.github.pastkv.chat;

import io.github.pastkv.model.Session;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A branch of a conversation: its turns, and a session with its token ids. */
final class Branch implements AutoCloseable {
    private final String name;
    private final @Nullable String parent;
    private int numSharedTurns;
    private final Session session;
    private final List<ChatMessage> messages;
    private final List<Turn> turns;
    private int[] cachedIds;
    private int[] lastIds = new int[0];

    private Branch(String name, @Nullable String parent, Session session, List<ChatMessage> messages, List<Turn> turns,
            int[] cachedIds) {
        this.name = name;
        this.parent = parent;
        this.numSharedTurns = turns.size();
        this.session = session;
        this.messages = new ArrayList<>(messages);
        this.turns = new ArrayList<>(turns);
        this.cachedIds = cachedIds;
    }

    /** The first one, over an empty session, after messages that are given. */
    static Branch root(String name, Session session, List<ChatMessage> messages) {
        return of(name, session, messages, new int[0]);
    }

    /** One of given messages, which shares with this one the tokens that both begin with. */
    Branch forkFor(String newName, List<ChatMessage> newMessages) {
        return of(newName, session.fork(), newMessages, cachedIds);
    }

    private static Branch of(String name, Session session, List<ChatMessage> messages, int[] cachedIds) {
        Branch branch = new Branch(name, null, session, List.of(), List.of(), cachedIds);
        List<ChatMessage> asked = new ArrayList<>();
        for (ChatMessage message : messages) {
            if (message.hasRole(ChatMessage.ASSISTANT) && !asked.isEmpty()) {
                branch.add(new Turn(asked, message, Optional.empty(), 0));
                asked.clear();
            } else if (message.hasRole(ChatMessage.SYSTEM) || message.hasRole(ChatMessage.ASSISTANT)) {
                branch.messages.addAll(asked);
                branch.messages.add(message);
                asked.clear();
            } else {
                asked.add(message);
            }
        }
        branch.messages.addAll(asked);
        return branch;
    }

    /** What a branch is, apart from its session. */
    @SuppressWarnings("ArrayRecordComponent") // arrays of ids as everywhere; states are never compared
    record State(String name, @Nullable String parent, int numSharedTurns, List<ChatMessage> messages,
            List<Turn> turns, int[] cachedIds, int[] lastIds) {}

    State state() {
        return new State(name, parent, numSharedTurns, messages, turns, cachedIds, lastIds);
    }

    /** One that was saved, over its session. */
    static Branch of(State state, Session session) {
        Branch branch = new Branch(state.name(), state.parent(), session, state.messages(), state.turns(),
                state.cachedIds());
        branch.numSharedTurns = state.numSharedTurns();
        branch.lastIds = state.lastIds();
        return branch;
    }

    /** A fork of this branch; nothing is copied. */
    Branch fork(String newName) {
        Branch fork = new Branch(newName, name, session.fork(), messages, turns, cachedIds);
        fork.lastIds = lastIds;
        return fork;
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

    /** All messages, those of the turns included, oldest first. */
    List<ChatMessage> messages() {
        return messages;
    }

    /** The messages at the end that have no answer yet. */
    List<ChatMessage> unanswered() {
        int from = messages.size();
        while (from > 0 && !messages.get(from - 1).hasRole(ChatMessage.ASSISTANT)
                && !messages.get(from - 1).hasRole(ChatMessage.SYSTEM)) {
            from--;
        }
        return List.copyOf(messages.subList(from, messages.size()));
    }

    /** Adds a turn and its messages; what has no answer yet becomes a part of it. */
    Turn add(Turn turn) {
        List<ChatMessage> asked = new ArrayList<>(unanswered());
        asked.addAll(turn.asked());
        Turn whole = new Turn(asked, turn.message(), turn.generation(), turn.numKnownTokens());
        messages.addAll(turn.asked());
        messages.add(turn.message());
        turns.add(whole);
        return whole;
    }

    /** Removes the last turn and its messages, and what follows them. */
    Turn undo() {
        Turn last = turns.removeLast();
        int from = messages.lastIndexOf(last.message()) - last.asked().size();
        messages.subList(from, messages.size()).clear();
        numSharedTurns = Math.min(numSharedTurns, turns.size());
        return last;
    }

    /** Removes the oldest turns and their messages. */
    void dropOldest(int count) {
        for (Turn turn : List.copyOf(turns.subList(0, count))) {
            int from = messages.indexOf(turn.message()) - turn.asked().size();
            messages.subList(from, from + turn.asked().size() + 1).clear();
        }
        turns.subList(0, count).clear();
        numSharedTurns = 0;
    }

    /** The tokens of a conversation, with those that are there already where they have the same text. */
    int[] keepTokens(int[] ids, TextTokenizer tokenizer) {
        return TokenSplice.keep(lastIds, ids, tokenizer);
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

    /** Records the tokens of the session after a generation: leading tokens of prompt and answer. */
    void noteCached(int[] prompt, List<Integer> answer) {
        lastIds = IntStream.concat(IntStream.of(prompt), answer.stream().mapToInt(id -> id)).toArray();
        cachedIds = Arrays.copyOf(lastIds, Math.min(lastIds.length, session.numTokens(0)));
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
