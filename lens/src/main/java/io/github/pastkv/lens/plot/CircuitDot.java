package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitGraph;
import java.util.List;
import java.util.Locale;

/**
 * A circuit in the language of Graphviz. Boxes write to the residual stream, ovals read it; a dotted line joins what a
 * head or block reads to what it writes.
 *
 * @param graph the model's graph
 * @param edges the circuit
 */
public record CircuitDot(CircuitGraph graph, List<CircuitEdge> edges) {
    /** The graph as text. */
    public String text() {
        StringBuilder dot = new StringBuilder("digraph circuit {\n  rankdir=BT;\n  node [shape=box];\n");
        edges.stream().mapToInt(CircuitEdge::receiver).distinct().forEach(receiver -> {
            String name = graph.receivers().get(receiver).name();
            dot.append("  \"in ").append(name).append("\" [label=\"").append(name).append("\", shape=oval];\n");
            for (int sender : graph.sendersFedBy(receiver)) {
                dot.append("  \"in ").append(name).append("\" -> \"").append(graph.senders().get(sender).name())
                        .append("\" [style=dotted, arrowhead=none];\n");
            }
        });
        double largest = edges.stream().mapToDouble(CircuitEdge::effect).max().orElse(1);
        for (CircuitEdge edge : edges) {
            dot.append(String.format(Locale.ROOT,
                    "  \"%s\" -> \"in %s\" [penwidth=%.2f, label=\"%.2g\", tooltip=\"%.4g\"];%n",
                    graph.senders().get(edge.sender()).name(), graph.receivers().get(edge.receiver()).name(),
                    0.7 + 4 * Math.max(0, edge.effect()) / largest, edge.effect(), edge.effect()));
        }
        return dot.append("}\n").toString();
    }
}
