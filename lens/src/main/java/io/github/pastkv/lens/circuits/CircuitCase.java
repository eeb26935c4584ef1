package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.function.Function;

/**
 * A pair of prompts that a circuit is held against, and what must not rise.
 *
 * @param pair the prompts
 * @param metric of the clean prompt's logits: the metric, lower being better, such as {@code Metric::klFrom}
 */
public record CircuitCase(PromptPair pair, Function<float[], Metric> metric) {}
