package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The pairs of prompts of a {@link CircuitSearch}; metrics are the means over them, summed in their order. */
final class CircuitCases implements AutoCloseable {
    private record CaseRuns(CircuitRuns runs, Metric metric) {}

    private final List<CaseRuns> cases = new ArrayList<>();

    private CircuitCases() {}

    /** Reads the prompts. */
    static CircuitCases read(Model model, CircuitGraph graph, List<CircuitCase> pairs, CircuitOptions options) {
        CircuitCases read = new CircuitCases();
        try {
            for (CircuitCase each : pairs) {
                CircuitRuns runs = new CircuitRuns(model, graph, each.pair(), options);
                read.cases.add(new CaseRuns(runs, each.metric().apply(runs.cleanLogits())));
            }
        } catch (RuntimeException e) {
            read.close();
            throw e;
        }
        return read;
    }

    int size() {
        return cases.size();
    }

    /** Most rows of a batch. */
    int maxRows(CircuitOptions options) {
        return cases.stream().mapToInt(each -> each.runs().maxRows(options)).min().orElseThrow();
    }

    /** Tokens times layers of a batch that enters at a layer. */
    long numTokensRun(int layer, int numRows) {
        return cases.stream().mapToLong(each -> each.runs().numTokensRun(layer, numRows)).sum();
    }

    double mean(Function<CircuitRuns, float[]> logits) {
        double sum = 0;
        for (CaseRuns each : cases) {
            sum += each.metric().of(logits.apply(each.runs()));
        }
        return sum / cases.size();
    }

    /** Metrics of runs with edges removed. */
    double[] metrics(int layer, List<EdgeMask> rows) {
        double[] means = new double[rows.size()];
        for (CaseRuns each : cases) {
            float[][] logits = each.runs().lastLogits(layer, rows);
            for (int row = 0; row < means.length; row++) {
                means[row] += each.metric().of(logits[row]);
            }
        }
        for (int row = 0; row < means.length; row++) {
            means[row] /= cases.size();
        }
        return means;
    }

    @Override
    public void close() {
        cases.forEach(each -> each.runs().close());
    }
}
