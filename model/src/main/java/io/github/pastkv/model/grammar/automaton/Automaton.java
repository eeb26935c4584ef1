package io.github.pastkv.model.grammar.automaton;

import java.util.BitSet;

/**
 * A grammar as a pushdown automaton over the bytes of UTF-8. It is nondeterministic: a {@link State} is the set of all
 * places that a text may have reached. States are made when they are first reached and remembered, so that a step is
 * usually one look-up. From each state that is not dead some text leads to an end.
 *
 * <p>Safe for any number of threads.
 */
public final class Automaton {
    /** States after which the remembered ones are forgotten. */
    static final int MAX_REMEMBERED_STATES = 20_000;

    /** Places of all states after which the remembered ones are forgotten, some 20 bytes each. */
    static final int MAX_REMEMBERED_PLACES = 1_000_000;

    private final RuleNetwork rules;
    private final Network network;
    private final BitSet productive;
    private final BitSet onlyEnds; // nodes after which their rule ends at once
    private final BitSet ends = new BitSet();
    private final ByteClasses classes;
    private volatile StateCache cache;

    /**
     * Compiles rules.
     *
     * @throws IllegalArgumentException if a rule is missing, calls itself before it reads a character, or the root has
     *         no text; or if there are too many states, or ways to begin a text
     */
    public Automaton(Rules rules) {
        this.rules = NetworkBuilder.build(rules);
        this.network = this.rules.network();
        ReachableEnds reachable = new ReachableEnds(this.rules);
        LeftRecursion.refuse(this.rules, reachable.nullable());
        this.productive = reachable.productive();
        if (!productive.get(this.rules.starts()[this.rules.root()])) {
            throw new IllegalArgumentException("grammar: no text fulfills it, as rule " + rules.root()
                    + " never comes to an end");
        }
        for (int end : this.rules.ends()) {
            ends.set(end);
        }
        this.onlyEnds = onlyEnds();
        this.classes = new ByteClasses(network);
        this.cache = firstCache();
    }

    /** A text that begins in too many ways is a fault of the rules. */
    private StateCache firstCache() {
        try {
            return newCache();
        } catch (AutomatonLimitException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** An empty path leads to nodes with smaller numbers, but for those of loops; these are not found. */
    private BitSet onlyEnds() {
        BitSet found = (BitSet) ends.clone();
        for (int node = 0; node < network.numNodes(); node++) {
            boolean all = network.firstEdge(node) != Network.NONE;
            for (int edge = network.firstEdge(node); edge != Network.NONE; edge = network.nextEdge(edge)) {
                all &= network.isEpsilon(edge) && found.get(network.target(edge));
            }
            if (all) {
                found.set(node);
            }
        }
        return found;
    }

    private StateCache newCache() {
        StateCache fresh = new StateCache(classes.count());
        Places places = new Places(this, fresh);
        places.add(rules.starts()[rules.root()], null);
        fresh.setStart(places.toState());
        return fresh;
    }

    /** What the states are remembered in: another object once they are forgotten. */
    public Object memory() {
        return cache;
    }

    /** The state of the empty text. */
    public State start() {
        return cache.start();
    }

    /**
     * The state after one more byte, given as its unsigned value; dead if it does not fit.
     *
     * @throws AutomatonLimitException if the text may be read in too many ways
     */
    public State next(State state, int value) {
        return next(state, value, new PlaceBudget(Long.MAX_VALUE));
    }

    /**
     * As {@link #next(State, int)}, and counts the places that had to be found.
     *
     * @throws AutomatonLimitException also if the budget is spent
     */
    public State next(State state, int value, PlaceBudget budget) {
        if (!state.mayContinue()) {
            return cache.dead();
        }
        int byteClass = classes.of(value);
        State known = state.next(byteClass);
        if (known != null) {
            return known;
        }
        Places places = new Places(this, roomyCache());
        for (int place = 0; place < state.numPlaces(); place++) {
            int node = state.node(place);
            for (int edge = network.firstEdge(node); edge != Network.NONE; edge = network.nextEdge(edge)) {
                if (network.readsByte(edge) && value >= network.firstByte(edge) && value <= network.lastByte(edge)) {
                    places.add(network.target(edge), state.stack(place));
                }
            }
        }
        budget.spend(places.count());
        State next = places.toState();
        state.remember(byteClass, next);
        return next;
    }

    private StateCache roomyCache() {
        if (cache.numStates() >= MAX_REMEMBERED_STATES || cache.numPlaces() >= MAX_REMEMBERED_PLACES) {
            cache = newCache();
        }
        return cache;
    }

    /** The state after more bytes. */
    public State next(State state, byte[] bytes) {
        State reached = state;
        for (byte value : bytes) {
            reached = next(reached, value & 0xFF);
        }
        return reached;
    }

    /** The only byte that may follow, if the text may not end; otherwise -1. */
    public int onlyByte(State state) {
        int only = -1;
        for (int place = 0; place < state.numPlaces(); place++) {
            int node = state.node(place);
            for (int edge = network.firstEdge(node); edge != Network.NONE; edge = network.nextEdge(edge)) {
                if (network.readsByte(edge) && productive.get(network.target(edge))) {
                    if (network.firstByte(edge) != network.lastByte(edge)
                            || (only >= 0 && only != network.firstByte(edge))) {
                        return -1;
                    }
                    only = network.firstByte(edge);
                }
            }
        }
        return state.mayEnd() ? -1 : only;
    }

    Network network() {
        return network;
    }

    int startOf(int rule) {
        return rules.starts()[rule];
    }

    boolean isEnd(int node) {
        return ends.get(node);
    }

    boolean onlyEnds(int node) {
        return onlyEnds.get(node);
    }

    boolean isProductive(int node) {
        return productive.get(node);
    }
}
