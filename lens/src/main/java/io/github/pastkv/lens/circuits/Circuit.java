package io.github.pastkv.lens.circuits;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The decisions of a circuit search so far, in search order, and the current metric. Edges into a head or block without
 * a kept outgoing edge are removed without a run. Not thread-safe.
 */
public final class Circuit {
    private final CircuitGraph graph;
    private final List<CircuitEdge> tried = new ArrayList<>();
    private final Set<Long> decided = new HashSet<>();
    private final EdgeMask mask;
    private double metric;

    /** Nothing decided: the whole graph, whose metric is given. */
    public Circuit(CircuitGraph graph, double metric) {
        this.graph = graph;
        this.mask = EdgeMask.none(graph);
        this.metric = metric;
    }

    /** The same of decisions made before. */
    public static Circuit of(CircuitGraph graph, Collection<CircuitEdge> tried, double metric) {
        Circuit circuit = new Circuit(graph, metric);
        tried.forEach(edge -> circuit.decide(edge, metric));
        return circuit;
    }

    void decide(CircuitEdge edge, double metricWithoutIt) {
        if (!decided.add(key(edge.sender(), edge.receiver()))) {
            throw new IllegalArgumentException("edge: " + name(edge) + " is decided twice");
        }
        if (edge.sender() >= graph.numSendersOf(edge.receiver())) {
            throw new IllegalArgumentException("edge: " + name(edge) + " goes against the order of the run");
        }
        tried.add(edge);
        if (edge.removed()) {
            mask.remove(edge.sender(), edge.receiver());
            metric = metricWithoutIt;
        }
    }

    private String name(CircuitEdge edge) {
        return graph.sender(edge.sender()).name() + " to " + graph.receiver(edge.receiver()).name();
    }

    private static long key(int sender, int receiver) {
        return (long) receiver << 32 | sender;
    }

    boolean isDecided(int sender, int receiver) {
        return decided.contains(key(sender, receiver));
    }

    public CircuitGraph graph() {
        return graph;
    }

    /** Edges that were tried, in the order of the search. */
    public List<CircuitEdge> tried() {
        return List.copyOf(tried);
    }

    /** Tried edges that were kept and lead to the output. */
    public List<CircuitEdge> kept() {
        boolean[] dead = mask.deadReceivers();
        return tried.stream().filter(edge -> !edge.removed() && !dead[edge.receiver()]).toList();
    }

    /** The metric of the circuit as it now stands. */
    public double metric() {
        return metric;
    }

    EdgeMask mask() {
        return mask;
    }

    /** Number of undecided edges. */
    public long numUndecided() {
        boolean[] dead = mask.deadReceivers();
        long numUndecided = 0;
        for (int receiver = 0; receiver < dead.length; receiver++) {
            for (int sender = 0; !dead[receiver] && sender < graph.numSendersOf(receiver); sender++) {
                numUndecided += isDecided(sender, receiver) ? 0 : 1;
            }
        }
        return numUndecided;
    }

    @Override
    public String toString() {
        return "Circuit[" + tried.size() + " of " + graph.numEdges() + " edges tried, metric " + metric + "]";
    }
}
