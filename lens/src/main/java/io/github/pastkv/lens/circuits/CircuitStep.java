package io.github.pastkv.lens.circuits;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The runs that a {@link CircuitSearch} makes together on each of its pairs, as data for another thread or machine. Run
 * k removes the edges that the search has removed so far, and the first k + 1 of those that it tries. Immutable.
 */
public final class CircuitStep implements Serializable {
    private static final long serialVersionUID = 1;

    private final int layer;
    private final BitSet[] removed; // [receivers], the senders of removed edges
    private final int[] senders; // of the edges that are tried
    private final int[] receivers;

    private CircuitStep(int layer, BitSet[] removed, int[] senders, int[] receivers) {
        this.layer = layer;
        this.removed = removed;
        this.senders = senders;
        this.receivers = receivers;
    }

    /** One run, of a circuit as it stands. */
    static CircuitStep of(Circuit circuit) {
        EdgeMask mask = circuit.mask();
        BitSet[] removed = new BitSet[circuit.graph().numReceivers()];
        Arrays.setAll(removed, receiver -> (BitSet) mask.removedSenders(receiver).clone());
        return new CircuitStep(0, removed, new int[0], new int[0]);
    }

    /**
     * The same with edges that are tried.
     *
     * @param newLayer a layer below which no edge is removed; the number of layers for the output only
     */
    CircuitStep trying(int newLayer, int[] newSenders, int[] newReceivers) {
        return new CircuitStep(newLayer, removed, newSenders.clone(), newReceivers.clone());
    }

    /** The layer at which the runs enter the model. */
    public int layer() {
        return layer;
    }

    /** Number of runs, on each pair. */
    public int numRuns() {
        return Math.max(1, senders.length);
    }

    /** The removed edges of each run. */
    List<EdgeMask> masks(CircuitGraph graph) {
        if (removed.length != graph.numReceivers()) {
            throw new IllegalArgumentException("step: is for a graph of " + removed.length + " receivers, this one has "
                    + graph.numReceivers());
        }
        EdgeMask mask = EdgeMask.of(graph, removed);
        List<EdgeMask> masks = new ArrayList<>();
        for (int edge = 0; edge < senders.length; edge++) {
            mask = mask.copy();
            mask.remove(senders[edge], receivers[edge]);
            masks.add(mask);
        }
        return masks.isEmpty() ? List.of(mask) : masks;
    }

    @Override
    public String toString() {
        return "CircuitStep[" + numRuns() + " runs from layer " + layer + "]";
    }
}
