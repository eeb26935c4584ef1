package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Automatic circuit discovery (Conmy et al. 2023, "Towards Automated Circuit Discovery for Mechanistic Interpretability",
 * algorithm 1): from the output down, each edge is removed for good when the metric rises by less than a threshold. A
 * receiver of a removed edge reads, instead of the sender's output in this run, its output in the corrupted run. The senders
 * of a receiver are tried last first. Receivers that no kept edge leads on from lose all their edges without a run.
 *
 * <p>The first receivers tried lie at the end of the model, and below the one under test nothing is removed: so a run enters
 * at its layer with the clean run's stream, over the frozen keys and values of what the prompts have in common. Edges are
 * tried together: row k of a batch has the first k of the next edges removed, which holds up to the first edge that must be
 * kept; from there on they are tried again. The circuit and every number have the bits of one full run after another, which
 * {@link CircuitOptions#plain} makes.
 *
 * <p>For one thread at a time. Owns its caches until {@link #close}.
 */
public final class CircuitSearch implements AutoCloseable {
    private static final int FIRST_ROWS = 4;

    private final CircuitGraph graph;
    private final CircuitOptions options;
    private final CircuitRuns runs;
    private final Metric metric;
    private final int numLayers;
    private final long tokensOfFullRun;
    private int numRows = FIRST_ROWS;
    private long numPlainRuns;

    private record Candidate(int sender, int receiver) {}

    /**
     * Reads both prompts.
     *
     * @param metric of the clean prompt's logits: the metric, lower being better, such as
     *        {@code Metric::klFrom}
     * @throws IllegalArgumentException for a model without such a graph, see {@link CircuitGraph#of}
     */
    public CircuitSearch(Model model, PromptPair pair, Function<float[], Metric> metric, CircuitOptions options) {
        this.graph = CircuitGraph.of(model);
        this.options = options;
        this.numLayers = model.config().numLayers();
        this.tokensOfFullRun = (long) pair.numTokens() * numLayers;
        this.runs = new CircuitRuns(model, graph, pair, options);
        this.metric = metric.apply(runs.cleanLogits());
    }

    public CircuitGraph graph() {
        return graph;
    }

    /** The metric of the clean prompt: of the whole graph. */
    public double cleanMetric() {
        return metric.of(runs.cleanLogits());
    }

    /** The metric of the corrupted prompt. */
    public double corruptedMetric() {
        return metric.of(runs.corruptedLogits());
    }

    /** Runs made so far, those that turned out to be for nothing among them. */
    public long numRuns() {
        return runs.numRuns();
    }

    /** Tokens times layers that these runs computed. */
    public long numTokensRun() {
        return runs.numTokensRun();
    }

    /** Runs that one edge after another would have taken. */
    public long numPlainRuns() {
        return numPlainRuns;
    }

    /** Tokens times layers that these would have computed, each in full. */
    public long numPlainTokens() {
        return numPlainRuns * tokensOfFullRun;
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

    /** Heads of one layer: whether one is dead does not hang on the others. */
    private boolean goTogether(int receiver, int other) {
        Receiver a = graph.receiver(receiver);
        Receiver b = graph.receiver(other);
        return a.layer() == b.layer() && a.kind().isAttention() && b.kind().isAttention();
    }

    private List<Candidate> candidates(Circuit circuit, int first, int end) {
        boolean[] dead = circuit.mask().dead();
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
            int limit = options.plain() ? 1 : Math.min(numRows, options.maxRows());
            List<Candidate> batch = candidates.subList(next, Math.min(next + limit, candidates.size()));
            int numDecided = decideBatch(circuit, batch, layer);
            numRows = numDecided == batch.size() ? Math.min(2 * numRows, options.maxRows()) : numDecided + 1;
            next += numDecided;
            if (!listener.onProgress(runs.numRuns(), circuit.numUndecided())) {
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
        float[][] logits = runs.lastLogits(layer, rows);
        for (int i = 0; i < batch.size(); i++) {
            double without = metric.of(logits[i]);
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

    /** The metric of a circuit run alone, with all edges removed that it does not keep, entering at the first layer. */
    public double metricOf(Circuit circuit) {
        return metric.of(runs.lastLogits(0, List.of(circuit.mask()))[0]);
    }

    @Override
    public void close() {
        runs.close();
    }
}
