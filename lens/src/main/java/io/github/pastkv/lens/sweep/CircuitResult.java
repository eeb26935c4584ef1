package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.circuits.Circuit;
import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitGraph;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.patching.MetricSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The result of a {@link CircuitSearch}, with everything needed to resume it in another process. Not thread-safe. */
public final class CircuitResult {
    private final SweepSetup setup;
    private final CircuitSearch search;
    private final Circuit circuit;
    private final JsonNode earlierCounts;

    private CircuitResult(SweepSetup setup, CircuitSearch search, Circuit circuit, JsonNode earlierCounts) {
        this.setup = setup;
        this.search = search;
        this.circuit = circuit;
        this.earlierCounts = earlierCounts;
    }

    /**
     * A search without decisions.
     *
     * @param pairs the search's pairs, in its order
     * @param threshold the search's threshold
     */
    public static CircuitResult empty(ModelIdentity model, List<PatchCase> pairs, double threshold,
            CircuitSearch search) {
        return new CircuitResult(setup(model, pairs, threshold), search, search.emptyCircuit(), JsonFields.object());
    }

    /**
     * Resumes the search that wrote a file.
     *
     * @param option the option that named the file, for messages
     * @throws IOException for a file of another search, naming what differs
     */
    public static CircuitResult resume(String option, Path file, ModelIdentity model, List<PatchCase> pairs,
            double threshold, CircuitSearch search) throws IOException {
        PreviousResult previous = PreviousResult.read(option, file);
        SweepSetup setup = setup(model, pairs, threshold);
        previous.requireSame(setup);
        return new CircuitResult(setup, search, read(previous, search.graph()), previous.json().path("counts"));
    }

    private static SweepSetup setup(ModelIdentity model, List<PatchCase> pairs, double threshold) {
        return setup(model, pairs, JsonFields.object().put("threshold", threshold));
    }

    private static SweepSetup setup(ModelIdentity model, List<PatchCase> pairs, ObjectNode options) {
        MetricSpec.Kind metric = pairs.getFirst().metric().kind();
        return SweepSetup.of(model, metric, options, pairs);
    }

    /**
     * The circuit of a file, run alone.
     *
     * @param circuit the circuit
     * @param alone the metric with all other edges removed
     * @param recorded what the file says of that
     * @param differences how the file's model, metric and prompts differ from these, field by field; empty for the same
     */
    public record Check(Circuit circuit, double alone, OptionalDouble recorded, List<String> differences) {
        /** Whether the file must have the same number and has another one. */
        public boolean isContradicted() {
            return differences.isEmpty() && recorded.isPresent()
                    && Double.doubleToLongBits(recorded.getAsDouble()) != Double.doubleToLongBits(alone);
        }
    }

    /**
     * Runs the circuit of a file alone on a search's pairs, whatever it was found on.
     *
     * @param option the option that named the file, for messages
     * @throws IOException for a file that no search wrote, or a circuit of another graph
     */
    public static Check check(String option, Path file, ModelIdentity model, List<PatchCase> pairs,
            CircuitSearch search) throws IOException {
        PreviousResult previous = PreviousResult.read(option, file);
        Circuit circuit = read(previous, search.graph());
        ObjectNode options = JsonFields.object();
        JsonNode threshold = previous.json().at("/setup/threshold");
        if (!threshold.isMissingNode()) {
            options.set("threshold", threshold); // it decided what was found, not what the circuit gives
        }
        JsonNode alone = previous.json().path("circuit_alone");
        return new Check(circuit, search.metricOf(circuit),
                alone.isMissingNode()
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(previous.number(alone, "circuit_alone")),
                previous.differences(setup(model, pairs, options)));
    }

    private static Circuit read(PreviousResult file, CircuitGraph graph) throws IOException {
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

    /**
     * The circuit, which {@link CircuitSearch#run(Circuit, io.github.pastkv.lens.circuits.CircuitListener)} goes on
     * with.
     */
    public Circuit circuit() {
        return circuit;
    }

    /** The metric with all edges removed that the circuit does not keep. Runs the circuit. */
    public double alone() {
        return search.metricOf(circuit);
    }

    /**
     * The result as JSON.
     *
     * @param alone as {@link #alone} gave it
     * @param extra further fields, such as the command that made it
     */
    public String json(double alone, Map<String, String> extra) {
        ObjectNode json = JsonFields.object().put("metric", setup.metric());
        json.putObject("baselines").put("clean", search.cleanMetric()).put("corrupted", search.corruptedMetric());
        json.put("circuit_alone", alone);
        json.put("edges_of_model", search.graph().numEdges()).put("edges_undecided", circuit.numUndecided());
        ObjectNode counts = json.putObject("counts");
        count(counts, "runs", search.numRuns());
        count(counts, "tokens_times_layers", search.numTokensRun());
        count(counts, "plain_runs", search.numPlainRuns());
        count(counts, "plain_tokens_times_layers", search.numPlainTokens());
        json.set("model", setup.model());
        extra.forEach(json::put);
        json.set("setup", setup.setup());
        ArrayNode edges = json.putArray("edges");
        circuit.kept().forEach(edge -> add(edges, edge));
        json.put("metric_now", circuit.metric());
        ArrayNode tried = json.putArray("tried");
        circuit.tried().forEach(edge -> add(tried, edge).put("removed", edge.removed()));
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + System.lineSeparator();
    }

    private void count(ObjectNode counts, String name, long inThisProcess) {
        counts.put(name, earlierCounts.path(name).asLong(0) + inThisProcess);
    }

    private ObjectNode add(ArrayNode target, CircuitEdge edge) {
        CircuitGraph graph = search.graph();
        return target.addObject().put("from", graph.senders().get(edge.sender()).name())
                .put("to", graph.receivers().get(edge.receiver()).name()).put("effect", edge.effect());
    }
}
