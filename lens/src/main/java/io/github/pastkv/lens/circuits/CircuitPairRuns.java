package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.model.Model;

/**
 * Runs of one pair of a circuit search. Keeps what all senders add in both prompts, on the heap, and the keys and
 * values of the clean one. For one thread at a time. Owns its caches until {@link #close}; the model stays the
 * caller's.
 */
public final class CircuitPairRuns implements AutoCloseable {
    private final CircuitGraph graph;
    private final CircuitRuns runs;
    private final Metric metric;

    /**
     * Reads the prompts of a pair.
     *
     * @param options of which the threshold and the limits are not used
     * @throws IllegalArgumentException for a model without such a graph, see {@link CircuitGraph#of}
     */
    public CircuitPairRuns(Model model, CircuitCase pair, CircuitOptions options) {
        this(model, CircuitGraph.of(model), pair, options);
    }

    CircuitPairRuns(Model model, CircuitGraph graph, CircuitCase pair, CircuitOptions options) {
        this.graph = graph;
        this.runs = new CircuitRuns(model, graph, pair.pair(), options);
        try {
            this.metric = pair.metric().apply(runs.cleanLogits());
        } catch (RuntimeException e) {
            runs.close();
            throw e;
        }
    }

    /** The metrics of the pair's prompts. */
    public CircuitRunner.Baselines baselines() {
        return new CircuitRunner.Baselines(metric.of(runs.cleanLogits()), metric.of(runs.corruptedLogits()));
    }

    /**
     * The metric of each run of a step.
     *
     * @throws IllegalArgumentException for a step of another graph
     */
    public double[] metrics(CircuitStep step) {
        float[][] logits = runs.lastLogits(step.layer(), step.masks(graph));
        double[] metrics = new double[logits.length];
        for (int run = 0; run < metrics.length; run++) {
            metrics[run] = metric.of(logits[run]);
        }
        return metrics;
    }

    /** Bytes of the heap, about. */
    public long numHeapBytes() {
        return runs.numHeapBytes();
    }

    @Override
    public void close() {
        runs.close();
    }
}
