package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepListener;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Direct path patching (Wang et al. 2022, "Interpretability in the Wild"; TransformerLens issue 1396): for each edge of
 * the graph, the base prompt is run with that edge alone carrying the sender's output from the source prompt's run. All
 * other paths are unchanged, except for what the receiver itself passes on. The runs are those of
 * {@link CircuitSearch}, with its exactness.
 *
 * <p>For one thread at a time. Owns its caches until {@link #close}.
 */
public final class PathSweep implements AutoCloseable {
    /** Name of its grid. */
    public static final String GRID_NAME = "direct_path";

    private final CircuitGraph graph;
    private final int maxRows;
    private final CircuitRuns runs;
    private long numRuns;

    /**
     * Reads both prompts.
     *
     * @param pair the base prompt as its clean one, the source as its corrupted one
     * @throws IllegalArgumentException for a model without such a graph, see {@link CircuitGraph#of}
     */
    public PathSweep(Model model, PromptPair pair, CircuitOptions options) {
        this.graph = CircuitGraph.of(model);
        this.runs = new CircuitRuns(model, graph, pair, options);
        this.maxRows = CircuitRuns.maxRows(graph, pair, options);
    }

    public CircuitGraph graph() {
        return graph;
    }

    /** Runs made so far. */
    public long numRuns() {
        return numRuns;
    }

    /** A grid by receiver and sender without numbers yet; cells without an edge never get one. */
    public static LabeledGrid emptyResult(CircuitGraph graph) {
        int numSenders = graph.numSenders();
        double[] values = new double[Math.multiplyExact(graph.numReceivers(), numSenders)];
        Arrays.fill(values, Double.NaN);
        List<List<String>> labels = List.of(graph.receivers().stream().map(Receiver::name).toList(),
                graph.senders().stream().map(Sender::name).toList());
        return new LabeledGrid(GRID_NAME, List.of("receiver", "sender"), labels, values, new BitSet(values.length),
                null);
    }

    /**
     * Runs the edges that have no number yet.
     *
     * @return whether all have been run; false when the listener ended it
     */
    public boolean run(LabeledGrid result, Metric metric, SweepListener listener) {
        int numSenders = graph.numSenders();
        for (int receiver = 0; receiver < graph.numReceivers(); receiver++) {
            List<Integer> open = new ArrayList<>();
            for (int sender = 0; sender < graph.numSendersOf(receiver); sender++) {
                if (!result.isDone(receiver * numSenders + sender)) {
                    open.add(sender);
                }
            }
            for (int from = 0; from < open.size(); from += maxRows) {
                List<Integer> batch = open.subList(from, Math.min(from + maxRows, open.size()));
                runBatch(result, receiver, batch, metric);
                if (!listener.onProgress(result.done().cardinality(), result.values().length)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void runBatch(LabeledGrid result, int receiver, List<Integer> senders, Metric metric) {
        List<EdgeMask> rows = senders.stream().map(sender -> {
            EdgeMask mask = EdgeMask.none(graph);
            mask.remove(sender, receiver);
            return mask;
        }).toList();
        numRuns += rows.size();
        float[][] logits = runs.lastLogits(graph.receiver(receiver).layer(), rows);
        for (int row = 0; row < logits.length; row++) {
            result.put(receiver * graph.numSenders() + senders.get(row), metric.of(logits[row]));
        }
    }

    @Override
    public void close() {
        runs.close();
    }
}
