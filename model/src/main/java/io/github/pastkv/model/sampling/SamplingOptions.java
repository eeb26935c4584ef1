package io.github.pastkv.model.sampling;

/**
 * How the next token is chosen. The steps apply in the order of Hugging Face: repetition penalty, temperature, top-k,
 * top-p.
 *
 * @param temperature divides the logits; 0 takes the best token (then top-k and top-p change nothing)
 * @param topK draw from this many best tokens; 0 for all
 * @param topP draw from the fewest best tokens whose probability reaches this, at least one; in [0, 1]
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occurred; 1 for none
 * @param seed of the draws
 */
public record SamplingOptions(double temperature, int topK, double topP, double repetitionPenalty, long seed) {
    /** The best token, always. */
    public static final SamplingOptions GREEDY = new SamplingOptions(0, 0, 1, 1, 0);

    public SamplingOptions {
        require("temperature", temperature, temperature >= 0 && temperature <= Double.MAX_VALUE,
                "at least 0 and finite");
        require("topK", topK, topK >= 0, "at least 0");
        require("topP", topP, topP >= 0 && topP <= 1, "in [0, 1]");
        require("repetitionPenalty", repetitionPenalty,
                repetitionPenalty > 0 && repetitionPenalty <= Double.MAX_VALUE, "positive and finite");
    }

    /** Whether the best token is taken, without a draw. */
    public boolean isGreedy() {
        return temperature == 0;
    }

    public SamplingOptions withTemperature(double newTemperature) {
        return new SamplingOptions(newTemperature, topK, topP, repetitionPenalty, seed);
    }

    public SamplingOptions withTopK(int newTopK) {
        return new SamplingOptions(temperature, newTopK, topP, repetitionPenalty, seed);
    }

    public SamplingOptions withTopP(double newTopP) {
        return new SamplingOptions(temperature, topK, newTopP, repetitionPenalty, seed);
    }

    public SamplingOptions withRepetitionPenalty(double newRepetitionPenalty) {
        return new SamplingOptions(temperature, topK, topP, newRepetitionPenalty, seed);
    }

    public SamplingOptions withSeed(long newSeed) {
        return new SamplingOptions(temperature, topK, topP, repetitionPenalty, newSeed);
    }

    private static void require(String name, Number actual, boolean condition, String limit) {
        if (!condition) {
            throw new IllegalArgumentException(name + ": " + actual + ", must be " + limit);
        }
    }
}
