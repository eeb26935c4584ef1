package io.github.pastkv.model.grammar.automaton;

import org.jspecify.annotations.Nullable;

/**
 * What an {@link Automaton} knows of a text so far: all places of the grammar that it may have reached, each a node
 * with a stack. Equal states of one cache are the same object.
 *
 * <p>Immutable but for the remembered states that follow, which are filled by any thread: a thread that does not see
 * another's entry computes an equal one.
 */
public final class State {
    private final int[] nodes;
    private final @Nullable Frame[] stacks; // of each node; null for the empty stack
    private final boolean mayEnd;
    private final StateCache owner;
    private final @Nullable State[] next; // by byte class

    State(int[] nodes, @Nullable Frame[] stacks, boolean mayEnd, StateCache owner, int numByteClasses) {
        this.nodes = nodes;
        this.stacks = stacks;
        this.mayEnd = mayEnd;
        this.owner = owner;
        this.next = new @Nullable State[nodes.length == 0 ? 0 : numByteClasses];
    }

    /** Whether the text may end here. */
    public boolean mayEnd() {
        return mayEnd;
    }

    /** Whether any byte may follow. */
    public boolean mayContinue() {
        return nodes.length > 0;
    }

    /** Whether the text does not fit the grammar. */
    public boolean isDead() {
        return !mayEnd && nodes.length == 0;
    }

    int numPlaces() {
        return nodes.length;
    }

    int node(int place) {
        return nodes[place];
    }

    @Nullable
    Frame stack(int place) {
        return stacks[place];
    }

    @Nullable
    State next(int byteClass) {
        return next[byteClass];
    }

    /** Remembers a state that follows, unless it is of a later cache, which would then outlive itself. */
    void remember(int byteClass, State state) {
        if (state.owner == owner) {
            next[byteClass] = state;
        }
    }
}
