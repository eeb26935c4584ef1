package io.github.pastkv.lens.circuits;

import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;

/** Runs the pairs of a {@link CircuitSearch} in this process, one after the other. */
final class CircuitCases implements CircuitRunner {
    private final List<CircuitPairRuns> pairs = new ArrayList<>();

    private CircuitCases() {}

    /** Reads the prompts. */
    static CircuitCases read(Model model, CircuitGraph graph, List<CircuitCase> pairs, CircuitOptions options) {
        CircuitCases read = new CircuitCases();
        try {
            for (CircuitCase each : pairs) {
                read.pairs.add(new CircuitPairRuns(model, graph, each, options));
            }
        } catch (RuntimeException e) {
            read.close();
            throw e;
        }
        return read;
    }

    @Override
    public List<Baselines> baselines() {
        return pairs.stream().map(CircuitPairRuns::baselines).toList();
    }

    @Override
    public double[][] metrics(CircuitStep step) {
        return pairs.stream().map(pair -> pair.metrics(step)).toArray(double[][]::new);
    }

    @Override
    public void close() {
        pairs.forEach(CircuitPairRuns::close);
    }
}
