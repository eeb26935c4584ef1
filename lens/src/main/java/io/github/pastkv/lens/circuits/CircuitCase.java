package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.function.Function;

/**
 * A pair of prompts for which a circuit is searched, and the metric that must not rise.
 *
 * @param pair the prompts
 * @param metric of the clean prompt's logits: the metric, lower being better, such as {@code Metric::klFrom}
 */
public record CircuitCase(PromptPair pair, Function<float[], Metric> metric) {
    /**
     * The case of a metric where lower is better: the divergence from the clean run, or how far the answer's logit
     * difference has fallen below the clean run's.
     *
     * @throws IllegalArgumentException for a metric other than these two
     */
    public static CircuitCase of(PromptPair pair, MetricSpec metric) {
        return switch (metric) {
            case MetricSpec.KlDivergence _ -> new CircuitCase(pair, Metric::klFrom);
            case MetricSpec.LogitDifference _ -> new CircuitCase(pair, cleanLogits -> {
                Metric difference = metric.bind(cleanLogits, cleanLogits);
                return logits -> difference.of(cleanLogits) - difference.of(logits);
            });
            default -> throw new IllegalArgumentException("metric: " + metric.kind() + ", known are kl, logit_diff");
        };
    }
}
