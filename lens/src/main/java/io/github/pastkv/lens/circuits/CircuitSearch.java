package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Automatic circuit discovery (Conmy et al. 2023, "Toward Automated Circuit Discovery for Mechanistic
 * Interpretability", algorithm 1): going from the output to the input, each edge is removed permanently if the metric
 * rises by less than a threshold. A receiver of a removed edge reads, instead of the sender's output in this run, its
 * output in the corrupted run. The senders of a receiver are tried last first. Receivers without a kept outgoing edge
 * lose all their edges without a run.
 *
 * <p>Receivers are tested from the end of the model on, and below the one being tested nothing is removed. So a run
 * enters at its layer with the clean run's residual stream, over the frozen keys and values of the shared prefix. Edges
 * are tested in batches: row k of a batch removes the first k of the next edges, which is valid up to the first edge
 * that must be kept; the edges after it are tested again. The circuit and every number have the bits of one full run
 * after another, which {@link CircuitOptions#plain} makes.
 *
 * <p>For one thread at a time. Owns its caches until {@link #close}.
 */
public final class CircuitSearch implements AutoCloseable {
    private static final int FIRST_ROWS = 4;

    private final CircuitGraph graph;
    private final CircuitOptions options;
    private final CircuitCases cases;
    private final long tokensOfFullRuns;
    private final int maxRows;
    private int numRows = FIRST_ROWS;
    private long numPlainRuns;
    private long numRuns;
    private long numTokensRun;

    private record Candidate(int sender, int receiver) {}

    /**
     * Reads the prompts of a pair.
     *
     * @param metric of the clean prompt's logits: the metric, lower being better, such as {@code Metric::klFrom}
     * @throws IllegalArgumentException for a model without such a graph, see {@link CircuitGraph#of}
     */
    public CircuitSearch(Model model, PromptPair pair, Function<float[], Metric> metric, CircuitOptions options) {
        this(model, List.of(new CircuitCase(pair, metric)), options);
    }

    /**
     * Reads the prompts of several pairs, which may be of different lengths; the metric is the mean over them, summed
     * in their order.
     *
     * @throws IllegalArgumentException for no pair, or a model without such a graph, see {@link CircuitGraph#of}
     */
    public CircuitSearch(Model model, List<CircuitCase> pairs, CircuitOptions options) {
        if (pairs.isEmpty()) {
            throw new IllegalArgumentException("pairs: none, a search needs at least one");
        }
        this.graph = CircuitGraph.of(model);
        this.options = options;
        this.tokensOfFullRuns =
                pairs.stream().mapToLong(each -> (long) each.pair().numTokens() * model.config().numLayers()).sum();
        this.cases = CircuitCases.read(model, graph, pairs, options);
        this.maxRows = cases.maxRows(options);
    }

    public CircuitGraph graph() {
        return graph;
    }

    /** The metric of the clean prompts: of the whole graph. */
    public double cleanMetric() {
        return cases.mean(CircuitRuns::cleanLogits);
    }

    /** The metric of the corrupted prompts. */
    public double corruptedMetric() {
        return cases.mean(CircuitRuns::corruptedLogits);
    }

    /** Runs of the search so far, including those whose results a kept edge made useless. */
    public long numRuns() {
        return numRuns;
    }

    /** Tokens times layers that these runs computed. */
    public long numTokensRun() {
        return numTokensRun;
    }

    /** Runs that one edge after another would have taken. */
    public long numPlainRuns() {
        return numPlainRuns * cases.size();
    }

    /** Tokens times layers that these would have computed, each in full. */
    public long numPlainTokens() {
        return numPlainRuns * tokensOfFullRuns;
    }

    /** The whole graph, nothing decided. */
    public Circuit emptyCircuit() {
        return new Circuit(graph, cleanMetric());
    }

    /** Searches from the whole graph. */
    public Circuit run() {
        Circuit circuit = emptyCircuit();
        run(circuit, CircuitListener.NONE);
        return circuit;
    }

    /**
     * Decides all edges of a circuit that are not decided yet.
     *
     * @return whether all are; false when the listener ended it
     */
    public boolean run(Circuit circuit, CircuitListener listener) {
        for (int first = 0, end; first < graph.numReceivers(); first = end) {
            end = first + 1;
            while (end < graph.numReceivers() && goTogether(first, end)) {
                end++;
            }
            if (!decide(circuit, candidates(circuit, first, end), graph.receiver(first).layer(), listener)) {
                return false;
            }
        }
        return true;
    }

    /** Heads of one layer, which are dead or not independently of each other. */
    private boolean goTogether(int receiver, int other) {
        Receiver a = graph.receiver(receiver);
        Receiver b = graph.receiver(other);
        return a.layer() == b.layer() && a.kind().isAttention() && b.kind().isAttention();
    }

    private List<Candidate> candidates(Circuit circuit, int first, int end) {
        boolean[] dead = circuit.mask().deadReceivers();
        List<Candidate> candidates = new ArrayList<>();
        for (int receiver = first; receiver < end; receiver++) {
            for (int sender = graph.numSendersOf(receiver) - 1; !dead[receiver] && sender >= 0; sender--) {
                if (!circuit.isDecided(sender, receiver)) {
                    candidates.add(new Candidate(sender, receiver));
                }
            }
        }
        return candidates;
    }

    private boolean decide(Circuit circuit, List<Candidate> candidates, int layer, CircuitListener listener) {
        for (int next = 0; next < candidates.size();) {
            int limit = options.plain() ? 1 : Math.min(numRows, maxRows);
            List<Candidate> batch = candidates.subList(next, Math.min(next + limit, candidates.size()));
            int numDecided = decideBatch(circuit, batch, layer);
            numRows = numDecided == batch.size() ? Math.min(2 * numRows, maxRows) : numDecided + 1;
            next += numDecided;
            if (!listener.onProgress(numRuns(), circuit.numUndecided())) {
                return false;
            }
        }
        return true;
    }

    /** Takes decisions up to the first edge that is kept, and returns how many. */
    private int decideBatch(Circuit circuit, List<Candidate> batch, int layer) {
        List<EdgeMask> rows = new ArrayList<>();
        EdgeMask mask = circuit.mask();
        for (Candidate candidate : batch) {
            mask = mask.copy();
            mask.remove(candidate.sender(), candidate.receiver());
            rows.add(mask);
        }
        double[] metrics = cases.metrics(layer, rows);
        numRuns += (long) rows.size() * cases.size();
        numTokensRun += cases.numTokensRun(layer, rows.size());
        for (int i = 0; i < batch.size(); i++) {
            double without = metrics[i];
            double effect = without - circuit.metric();
            boolean removed = effect < options.threshold();
            circuit.decide(new CircuitEdge(batch.get(i).sender(), batch.get(i).receiver(), effect, removed), without);
            numPlainRuns++;
            if (!removed) {
                return i + 1;
            }
        }
        return batch.size();
    }

    /**
     * The metric of a circuit run alone, with all edges removed that it does not keep, entering at the first layer. Not
     * counted among the runs of the search.
     */
    public double metricOf(Circuit circuit) {
        return cases.metrics(0, List.of(circuit.mask()))[0];
    }

    @Override
    public void close() {
        cases.close();
    }
}
