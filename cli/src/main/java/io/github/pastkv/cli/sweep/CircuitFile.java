package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.circuits.Circuit;
import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitGraph;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** Circuits of files that {@code acdc} wrote. */
final class CircuitFile {
    private CircuitFile() {}

    /** The circuit of the same search, as far as that came. */
    static Circuit resumed(PreviousResult file, SweepSetup setup, CircuitGraph graph) throws IOException {
        file.requireSame(setup);
        return read(file, graph);
    }

    /** The circuit of a file; refuses one whose nodes the model does not have. */
    static Circuit read(PreviousResult file, CircuitGraph graph) throws IOException {
        JsonNode tried = file.json().path("tried");
        if (!tried.isArray()) {
            throw file.refusal("has no 'tried' edges, so acdc did not write it");
        }
        List<CircuitEdge> edges = new ArrayList<>();
        try {
            for (JsonNode edge : tried) {
                edges.add(new CircuitEdge(graph.senderNamed(edge.path("from").asString("")),
                        graph.receiverNamed(edge.path("to").asString("")), file.number(edge.path("effect"), "effect"),
                        edge.path("removed").asBoolean(false)));
            }
            return Circuit.of(graph, edges, file.number(file.json().path("metric_now"), "metric_now"));
        } catch (IllegalArgumentException e) {
            throw file.refusal("does not fit this model: " + e.getMessage());
        }
    }

    /** What the file says of its circuit alone, if it is of the same model, metric and prompts. */
    static OptionalDouble aloneOfSame(PreviousResult file, SweepSetup setup) throws IOException {
        try {
            file.requireSame(setup);
        } catch (IOException _) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(file.number(file.json().path("circuit_alone"), "circuit_alone"));
    }
}
