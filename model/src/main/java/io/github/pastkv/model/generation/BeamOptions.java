package io.github.pastkv.model.generation;

import java.util.Objects;
import java.util.Set;

/**
 * Options of beam search.
 *
 * @param numBeams beams kept at every step, and completions returned
 * @param maxNewTokens most tokens per answer
 * @param lengthPenalty power of the length that divides the sum of log-probabilities: above 0 favors long answers
 * @param stopTokens ids that end an answer
 */
public record BeamOptions(int numBeams, int maxNewTokens, double lengthPenalty, Set<Integer> stopTokens) {
    public BeamOptions {
        Objects.requireNonNull(stopTokens, "stopTokens: null");
        if (numBeams < 1 || maxNewTokens < 1) {
            throw new IllegalArgumentException("numBeams: " + numBeams + ", maxNewTokens: " + maxNewTokens
                    + ", must be at least 1");
        }
        if (!Double.isFinite(lengthPenalty)) {
            throw new IllegalArgumentException("lengthPenalty: " + lengthPenalty + ", must be finite");
        }
        stopTokens = Set.copyOf(stopTokens);
    }

    /** Hugging Face's defaults: penalty 1, nothing stops earlier. */
    public static BeamOptions of(int numBeams, int maxNewTokens) {
        return new BeamOptions(numBeams, maxNewTokens, 1, Set.of());
    }

    public BeamOptions withLengthPenalty(double newLengthPenalty) {
        return new BeamOptions(numBeams, maxNewTokens, newLengthPenalty, stopTokens);
    }

    public BeamOptions withStopTokens(Set<Integer> newStopTokens) {
        return new BeamOptions(numBeams, maxNewTokens, lengthPenalty, newStopTokens);
    }

    /** A hypothesis' score: the higher the better. */
    double score(double sumLogProbability, int length) {
        return sumLogProbability / StrictMath.pow(length, lengthPenalty);
    }
}
