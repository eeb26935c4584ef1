package io.github.pastkv.model.grammar.automaton;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The places that a text may have reached, closed under steps that read nothing: into called rules, and back from rules
 * that end. A call after which its own rule ends at once leaves no frame, so that lists written as right recursion need
 * no stack.
 */
final class Places {
    /** Limit of places in one state. */
    static final int MAX_PLACES = 4000;

    private static final Comparator<Place> ORDER = Comparator.comparingInt(Place::node)
            .thenComparingLong(place -> place.stack() == null ? -1 : place.stack().serial());

    private final Automaton automaton;
    private final Network network;
    private final StateCache cache;
    private final Set<Place> seen = new HashSet<>();
    private final ArrayDeque<Place> open = new ArrayDeque<>();
    private boolean mayEnd;

    /** A node of the network and the calls that led to it. */
    private record Place(int node, @Nullable Frame stack) {}

    Places(Automaton automaton, StateCache cache) {
        this.automaton = automaton;
        this.network = automaton.network();
        this.cache = cache;
    }

    /** Adds a place and all that are reached from it without a byte. */
    void add(int node, @Nullable Frame stack) {
        enter(node, stack);
        while (!open.isEmpty()) {
            expand(open.remove());
        }
    }

    private void enter(int node, @Nullable Frame stack) {
        Place place = new Place(node, stack);
        if (automaton.isProductive(node) && seen.add(place)) {
            if (seen.size() > MAX_PLACES) {
                throw new AutomatonLimitException("grammar: the text may be read in more than " + MAX_PLACES
                        + " ways; rewrite the rules so that fewer of them begin or end alike");
            }
            open.add(place);
        }
    }

    private void expand(Place place) {
        Frame stack = place.stack();
        if (automaton.isEnd(place.node())) {
            if (stack == null) {
                mayEnd = true;
            } else {
                enter(stack.node(), stack.caller());
            }
        }
        for (int edge = network.firstEdge(place.node()); edge != Network.NONE; edge = network.nextEdge(edge)) {
            int target = network.target(edge);
            if (network.isEpsilon(edge)) {
                enter(target, stack);
            } else if (network.isCall(edge) && automaton.isProductive(target)) {
                enter(automaton.startOf(network.calledRule(edge)),
                        automaton.onlyEnds(target) ? stack : cache.frame(target, stack));
            }
        }
    }

    /** Places that were reached, also those that read nothing. */
    int count() {
        return seen.size();
    }

    State toState() {
        List<Place> reading = seen.stream().filter(this::readsByte).sorted(ORDER).toList();
        int[] nodes = reading.stream().mapToInt(Place::node).toArray();
        @Nullable Frame[] stacks = new @Nullable Frame[nodes.length];
        for (int i = 0; i < nodes.length; i++) {
            stacks[i] = reading.get(i).stack();
        }
        return cache.state(nodes, stacks, mayEnd);
    }

    private boolean readsByte(Place place) {
        for (int edge = network.firstEdge(place.node()); edge != Network.NONE; edge = network.nextEdge(edge)) {
            if (network.readsByte(edge) && automaton.isProductive(network.target(edge))) {
                return true;
            }
        }
        return false;
    }
}
