package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.lens.circuits.Circuit;
import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.CircuitSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a search found, as JSON or as a graph.
 *
 * @param setup what it is of
 * @param search the search, for its counts and baselines
 * @param circuit what it has decided
 * @param earlierCounts counts of the runs that it goes on from; empty where there are none
 */
record CircuitReport(SweepSetup setup, CircuitSearch search, Circuit circuit, JsonNode earlierCounts) {
    void write(Path file, List<String> arguments) throws IOException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("metric", setup.metric());
        json.putObject("baselines").put("clean", search.cleanMetric()).put("corrupted", search.corruptedMetric());
        json.put("circuit_alone", search.metricOf(circuit));
        json.put("edges_of_model", search.graph().numEdges()).put("edges_undecided", circuit.numUndecided());
        ObjectNode counts = json.putObject("counts");
        count(counts, "runs", search.numRuns());
        count(counts, "tokens_times_layers", search.numTokensRun());
        count(counts, "plain_runs", search.numPlainRuns());
        count(counts, "plain_tokens_times_layers", search.numPlainTokens());
        json.set("model", setup.model());
        json.put("command", "pastkv " + String.join(" ", arguments));
        json.set("setup", setup.setup());
        ArrayNode edges = json.putArray("edges");
        circuit.kept().forEach(edge -> add(edges, edge));
        json.put("metric_now", circuit.metric());
        ArrayNode tried = json.putArray("tried");
        circuit.tried().forEach(edge -> add(tried, edge).put("removed", edge.removed()));
        OutFile.write(file,
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + System.lineSeparator());
    }

    private void count(ObjectNode counts, String name, long inThisRun) {
        counts.put(name, earlierCounts.path(name).asLong(0) + inThisRun);
    }

    private ObjectNode add(ArrayNode target, CircuitEdge edge) {
        return target.addObject().put("from", from(edge)).put("to", to(edge)).put("effect", edge.effect());
    }

    private String from(CircuitEdge edge) {
        return search.graph().senders().get(edge.sender()).name();
    }

    private String to(CircuitEdge edge) {
        return search.graph().receivers().get(edge.receiver()).name();
    }

    /** Boxes add to the stream, ovals read it; a dotted line goes from what a head or block reads to what it adds. */
    void writeDot(Path file) throws IOException {
        CircuitGraph graph = search.graph();
        StringBuilder dot = new StringBuilder("digraph circuit {\n  rankdir=BT;\n  node [shape=box];\n");
        circuit.kept().stream().mapToInt(CircuitEdge::receiver).distinct().forEach(receiver -> {
            String reads = graph.receivers().get(receiver).name();
            dot.append("  \"in ").append(reads).append("\" [label=\"").append(reads).append("\", shape=oval];\n");
            for (int sender : graph.sendersFedBy(receiver)) {
                dot.append("  \"in ").append(reads).append("\" -> \"").append(graph.senders().get(sender).name())
                        .append("\" [style=dotted, arrowhead=none];\n");
            }
        });
        double largest = circuit.kept().stream().mapToDouble(CircuitEdge::effect).max().orElse(1);
        for (CircuitEdge edge : circuit.kept()) {
            dot.append(
                    String.format(Locale.ROOT, "  \"%s\" -> \"in %s\" [penwidth=%.2f, tooltip=\"%.4g\"];%n", from(edge),
                            to(edge), 0.7 + 4 * Math.max(0, edge.effect()) / largest, edge.effect()));
        }
        Files.writeString(file, dot.append("}\n").toString());
    }

    String summary(double seconds, boolean complete) {
        return String.format(Locale.ROOT,
                "%,d of %,d edges kept; %s of the circuit alone %.4g (corrupted prompt %.4g); %,d runs in %.2f s%s%s",
                circuit.kept().size(), search.graph().numEdges(), setup.metric(), search.metricOf(circuit),
                search.corruptedMetric(), search.numRuns(), seconds,
                search.numPlainTokens() == 0
                        ? ""
                        : String.format(Locale.ROOT, ", %.1f %% of the work of plain ones",
                                100.0 * search.numTokensRun() / search.numPlainTokens()),
                complete ? "" : "; ended by interruption, --resume goes on");
    }
}
