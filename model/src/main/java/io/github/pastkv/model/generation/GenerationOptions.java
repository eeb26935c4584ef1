package io.github.pastkv.model.generation;

import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.List;
import java.util.Set;

/**
 * How a session generates.
 *
 * @param maxNewTokens most tokens per row
 * @param sampling how each token is chosen
 * @param stopTokens ids that end a row
 * @param stopStrings texts that end a row; they need a tokenizer
 */
public record GenerationOptions(int maxNewTokens, SamplingOptions sampling, Set<Integer> stopTokens,
        List<String> stopStrings) {
    public GenerationOptions {
        if (maxNewTokens < 0) {
            throw new IllegalArgumentException("maxNewTokens: " + maxNewTokens + ", must not be negative");
        }
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException("stopStrings: one is empty");
        }
        stopTokens = Set.copyOf(stopTokens);
        stopStrings = List.copyOf(stopStrings);
    }

    /** Greedy, up to {@code maxNewTokens}, nothing stops it earlier. */
    public static GenerationOptions greedy(int maxNewTokens) {
        return new GenerationOptions(maxNewTokens, SamplingOptions.GREEDY, Set.of(), List.of());
    }

    public GenerationOptions withSampling(SamplingOptions newSampling) {
        return new GenerationOptions(maxNewTokens, newSampling, stopTokens, stopStrings);
    }

    public GenerationOptions withStopTokens(Set<Integer> newStopTokens) {
        return new GenerationOptions(maxNewTokens, sampling, newStopTokens, stopStrings);
    }

    public GenerationOptions withStopStrings(List<String> newStopStrings) {
        return new GenerationOptions(maxNewTokens, sampling, stopTokens, newStopStrings);
    }
}
