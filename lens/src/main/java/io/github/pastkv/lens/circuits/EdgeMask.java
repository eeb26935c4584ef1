package io.github.pastkv.lens.circuits;

import java.util.BitSet;
import java.util.List;

/** Which edges are removed: a set of senders for each receiver. Not thread-safe. */
final class EdgeMask {
    private final CircuitGraph graph;
    private final BitSet[] removed; // [receivers]

    private EdgeMask(CircuitGraph graph, BitSet[] removed) {
        this.graph = graph;
        this.removed = removed;
    }

    /** Nothing is removed. */
    static EdgeMask none(CircuitGraph graph) {
        BitSet[] removed = new BitSet[graph.numReceivers()];
        for (int receiver = 0; receiver < removed.length; receiver++) {
            removed[receiver] = new BitSet();
        }
        return new EdgeMask(graph, removed);
    }

    /** Copies the removed senders of each receiver. */
    static EdgeMask of(CircuitGraph graph, BitSet[] removed) {
        BitSet[] copies = new BitSet[removed.length];
        for (int receiver = 0; receiver < removed.length; receiver++) {
            copies[receiver] = (BitSet) removed[receiver].clone();
        }
        return new EdgeMask(graph, copies);
    }

    EdgeMask copy() {
        return of(graph, removed);
    }

    void remove(int sender, int receiver) {
        removed[receiver].set(sender);
    }

    /** Senders whose edge to a receiver is removed; not to be changed. */
    BitSet removedSenders(int receiver) {
        return removed[receiver];
    }

    /**
     * Dead receivers: those without a kept outgoing edge, whose input has no effect. Known once all later edges are
     * decided.
     */
    boolean[] deadReceivers() {
        boolean[] reachesOutput = new boolean[graph.numSenders()]; // by a receiver that is not dead
        boolean[] dead = new boolean[removed.length];
        for (int receiver = 0; receiver < removed.length; receiver++) {
            List<Integer> fed = graph.sendersFedBy(receiver);
            dead[receiver] = !fed.isEmpty() && fed.stream().noneMatch(sender -> reachesOutput[sender]);
            for (int sender = 0; !dead[receiver] && sender < graph.numSendersOf(receiver); sender++) {
                reachesOutput[sender] |= !removed[receiver].get(sender);
            }
        }
        return dead;
    }
}
