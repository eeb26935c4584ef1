package io.github.pastkv.chat;

import io.github.pastkv.model.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A branch of a conversation: its turns, and a session with its token ids. */
final class Branch implements AutoCloseable {
    private final String name;
    private final @Nullable String parent;
    private int numSharedTurns;
    private final Session session;
    private final List<ChatMessage> messages;
    private final List<Turn> turns;
    private final BranchTokens tokens;

    private Branch(String name, @Nullable String parent, Session session, List<ChatMessage> messages, List<Turn> turns,
            BranchTokens tokens) {
        this.name = name;
        this.parent = parent;
        this.numSharedTurns = turns.size();
        this.session = session;
        this.messages = new ArrayList<>(messages);
        this.turns = new ArrayList<>(turns);
        this.tokens = tokens;
    }

    /** The first one, over an empty session, after messages that are given. */
    static Branch root(String name, Session session, List<ChatMessage> messages) {
        return of(name, session, messages, BranchTokens.none(session));
    }

    /** One of given messages, which shares with this one the tokens that both begin with. */
    Branch forkFor(String newName, List<ChatMessage> newMessages) {
        Session fork = session.fork();
        return of(newName, fork, newMessages, tokens.cachedOf(fork));
    }

    private static Branch of(String name, Session session, List<ChatMessage> messages, BranchTokens tokens) {
        Branch branch = new Branch(name, null, session, List.of(), List.of(), tokens);
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
        return new State(name, parent, numSharedTurns, messages, turns, tokens.cachedIds(), tokens.lastIds());
    }

    /** One that was saved, over its session. */
    static Branch of(State state, Session session) {
        Branch branch = new Branch(state.name(), state.parent(), session, state.messages(), state.turns(),
                new BranchTokens(session, state.cachedIds(), state.lastIds()));
        branch.numSharedTurns = state.numSharedTurns();
        return branch;
    }

    /** A fork of this branch; nothing is copied. */
    Branch fork(String newName) {
        Session fork = session.fork();
        return new Branch(newName, name, fork, messages, turns, tokens.of(fork));
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

    /** Its tokens in the session. */
    BranchTokens tokens() {
        return tokens;
    }

    @Override
    public void close() {
        session.close();
    }
}
