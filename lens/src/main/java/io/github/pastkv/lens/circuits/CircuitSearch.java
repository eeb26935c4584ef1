package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

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
    private final List<PromptPair> pairs;
    private final CircuitRunner runner;
    private final List<CircuitRunner.Baselines> baselines;
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
        requirePairs(pairs);
        CircuitGraph graph = CircuitGraph.of(model);
        this(graph, pairs.stream().map(CircuitCase::pair).toList(), options,
                CircuitCases.read(model, graph, pairs, options));
    }

    /**
     * A search whose runs are made elsewhere. The circuit and every number have the bits of a search in one process.
     *
     * @param pairs the prompts of the runner's pairs, in its order
     * @param runner makes the runs; {@link #close} closes it, and so does a failure of its baselines
     * @throws IllegalArgumentException for no pair, or a runner of other pairs
     */
    public CircuitSearch(CircuitGraph graph, List<PromptPair> pairs, CircuitOptions options, CircuitRunner runner) {
        requirePairs(pairs);
        this.graph = graph;
        this.options = options;
        this.pairs = List.copyOf(pairs);
        this.runner = runner;
        this.baselines = baselines(runner, pairs.size());
        int numLayers = graph.config().numLayers();
        this.tokensOfFullRuns = pairs.stream().mapToLong(each -> (long) each.numTokens() * numLayers).sum();
        this.maxRows = pairs.stream().mapToInt(each -> CircuitRuns.maxRows(graph, each, options)).min().orElseThrow();
    }

    /** Those of all pairs; closes the runner if they fail, as nobody else could. */
    private static List<CircuitRunner.Baselines> baselines(CircuitRunner runner, int numPairs) {
        try {
            List<CircuitRunner.Baselines> baselines = List.copyOf(runner.baselines());
            if (baselines.size() != numPairs) {
                throw new IllegalArgumentException(
                        "runner: has " + baselines.size() + " pairs, the search " + numPairs);
            }
            return baselines;
        } catch (RuntimeException e) {
            runner.close();
            throw e;
        }
    }

    private static void requirePairs(List<?> pairs) {
        if (pairs.isEmpty()) {
            throw new IllegalArgumentException("pairs: none, a search needs at least one");
        }
    }

    public CircuitGraph graph() {
        return graph;
    }

    /** The metric of the clean prompts: of the whole graph. */
    public double cleanMetric() {
        return mean(CircuitRunner.Baselines::clean);
    }

    /** The metric of the corrupted prompts. */
    public double corruptedMetric() {
        return mean(CircuitRunner.Baselines::corrupted);
    }

    private double mean(ToDoubleFunction<CircuitRunner.Baselines> metric) {
        double sum = 0;
        for (CircuitRunner.Baselines each : baselines) {
            sum += metric.applyAsDouble(each);
        }
        return sum / pairs.size();
    }

    /** The means over the pairs, summed in their order, of each run of a step. */
    private double[] means(CircuitStep step) {
        double[] means = new double[step.numRuns()];
        for (double[] ofPair : runner.metrics(step)) {
            for (int run = 0; run < means.length; run++) {
                means[run] += ofPair[run];
            }
        }
        for (int run = 0; run < means.length; run++) {
            means[run] /= pairs.size();
        }
        return means;
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
        return numPlainRuns * pairs.size();
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
        double[] metrics = means(CircuitStep.of(circuit).trying(layer,
                batch.stream().mapToInt(Candidate::sender).toArray(),
                batch.stream().mapToInt(Candidate::receiver).toArray()));
        numRuns += (long) batch.size() * pairs.size();
        for (PromptPair pair : pairs) {
            numTokensRun += CircuitRuns.numTokensRun(graph, pair, options, layer, batch.size());
        }
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
        return means(CircuitStep.of(circuit))[0];
    }

    @Override
    public void close() {
        runner.close();
    }
}
