package io.github.pastkv.lens.circuits;

import java.util.List;

/**
 * Makes the runs of a {@link CircuitSearch} on its pairs, in this process or elsewhere. Numbers are by pair, so that
 * the search sums them in one order, whoever made them. For one thread at a time.
 */
public interface CircuitRunner extends AutoCloseable {
    /** The metrics of each pair's prompts, in the order of the pairs. */
    List<Baselines> baselines();

    /** The metric of each run of a step, {@code [pairs][runs]}. */
    double[][] metrics(CircuitStep step);

    @Override
    void close();

    /**
     * The metrics of a pair's prompts, with all edges.
     *
     * @param clean of the clean prompt
     * @param corrupted of the corrupted prompt
     */
    record Baselines(double clean, double corrupted) {}
}
