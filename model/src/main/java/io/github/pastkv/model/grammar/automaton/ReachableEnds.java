package io.github.pastkv.model.grammar.automaton;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntPredicate;

/**
 * From which nodes the end of their rule can be reached: by any edges, or without reading a byte. A call counts as an
 * edge once the start of its rule is in the set, so the sets are least fixed points, found backward from the ends.
 */
final class ReachableEnds {
    private final Network network;
    private final int[] sources; // of each edge
    private final int[][] edgesTo; // by target node
    private final int[][] callsOf; // by start node of the called rule
    private final RuleNetwork rules;

    ReachableEnds(RuleNetwork rules) {
        this.rules = rules;
        this.network = rules.network();
        this.sources = new int[network.numEdges()];
        this.edgesTo = new int[network.numNodes()][];
        this.callsOf = new int[network.numNodes()][];
        for (int node = 0; node < network.numNodes(); node++) {
            for (int edge = network.firstEdge(node); edge != Network.NONE; edge = network.nextEdge(edge)) {
                sources[edge] = node;
                append(edgesTo, network.target(edge), edge);
                if (network.isCall(edge)) {
                    append(callsOf, rules.starts()[network.calledRule(edge)], edge);
                }
            }
        }
        trim(edgesTo);
        trim(callsOf);
    }

    /** Lists grow by doubling; their first element counts them until {@link #trim}. */
    private static void append(int[][] lists, int index, int value) {
        int[] list = lists[index] == null ? new int[2] : lists[index];
        int size = ++list[0];
        if (size == list.length) {
            list = Arrays.copyOf(list, 2 * size);
        }
        list[size] = value;
        lists[index] = list;
    }

    private static void trim(int[][] lists) {
        Arrays.setAll(lists, i -> lists[i] == null ? new int[0] : Arrays.copyOfRange(lists[i], 1, lists[i][0] + 1));
    }

    /** Nodes from which a text leads to the end of their rule. */
    BitSet productive() {
        return fixedPoint(_ -> true);
    }

    /** Nodes from which nothing need be read to reach the end of their rule. */
    BitSet nullable() {
        return fixedPoint(edge -> !network.readsByte(edge));
    }

    private BitSet fixedPoint(IntPredicate isAllowed) {
        BitSet reached = new BitSet(network.numNodes());
        ArrayDeque<Integer> open = new ArrayDeque<>();
        for (int end : rules.ends()) {
            reached.set(end);
            open.add(end);
        }
        while (!open.isEmpty()) {
            int node = open.remove();
            for (int edge : edgesTo[node]) {
                visit(edge, isAllowed, reached, open);
            }
            for (int edge : callsOf[node]) {
                visit(edge, isAllowed, reached, open);
            }
        }
        return reached;
    }

    private void visit(int edge, IntPredicate isAllowed, BitSet reached, ArrayDeque<Integer> open) {
        boolean leads = isAllowed.test(edge) && reached.get(network.target(edge))
                && (!network.isCall(edge) || reached.get(rules.starts()[network.calledRule(edge)]));
        if (leads && !reached.get(sources[edge])) {
            reached.set(sources[edge]);
            open.add(sources[edge]);
        }
    }
}
