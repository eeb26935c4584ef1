package io.github.pastkv.model.grammar.automaton;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The states and frames of an automaton that were reached so far, each once. Safe for any number of threads. */
final class StateCache {
    private final ConcurrentHashMap<Call, Frame> frames = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Key, State> states = new ConcurrentHashMap<>();
    private final AtomicLong numFrames = new AtomicLong();
    private final AtomicLong numPlaces = new AtomicLong(); // of all states
    private final int numByteClasses;
    private final State dead;
    private State start;

    StateCache(int numByteClasses) {
        this.numByteClasses = numByteClasses;
        this.dead = new State(new int[0], new Frame[0], false, this, 0);
        this.start = dead;
    }

    /** To be called once, before the cache is shared. */
    void setStart(State newStart) {
        start = newStart;
    }

    State start() {
        return start;
    }

    State dead() {
        return dead;
    }

    int numStates() {
        return states.size();
    }

    /** Places of all states. */
    long numPlaces() {
        return numPlaces.get();
    }

    Frame frame(int node, @Nullable Frame caller) {
        return frames.computeIfAbsent(new Call(node, caller),
                call -> new Frame(numFrames.getAndIncrement(), call.node(), call.caller()));
    }

    /** @param nodes with their stacks, in an order that depends on the set alone */
    State state(int[] nodes, @Nullable Frame[] stacks, boolean mayEnd) {
        if (nodes.length == 0 && !mayEnd) {
            return dead;
        }
        return states.computeIfAbsent(new Key(nodes, stacks, mayEnd), key -> {
            numPlaces.addAndGet(key.nodes.length);
            return new State(key.nodes, key.stacks, key.mayEnd, this, numByteClasses);
        });
    }

    private record Call(int node, @Nullable Frame caller) {}

    private static final class Key {
        private final int[] nodes;
        private final @Nullable Frame[] stacks;
        private final boolean mayEnd;

        Key(int[] nodes, @Nullable Frame[] stacks, boolean mayEnd) {
            this.nodes = nodes;
            this.stacks = stacks;
            this.mayEnd = mayEnd;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && mayEnd == key.mayEnd && Arrays.equals(nodes, key.nodes)
                    && Arrays.equals(stacks, key.stacks);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(nodes) + Arrays.hashCode(stacks);
        }
    }
}
