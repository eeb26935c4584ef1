package io.github.pastkv.model.sampling;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How the next token is chosen. First the logits are changed: bias, repetition, presence and frequency penalties,
 * repeated n-grams, suppressed tokens, an end that comes too early, forced tokens, custom processors. Then they are
 * divided by the temperature, and truncated in the order of Hugging Face: top-k, top-p, min-p, typical-p.
 *
 * @param temperature divides the logits; 0 takes the best token (then truncations change nothing)
 * @param topK draw from this many best tokens; 0 for all
 * @param topP draw from the fewest best tokens whose probability reaches this, at least one; in [0, 1]
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occurred; 1 for none
 * @param seed of the draws
 * @param minP draw from tokens at least this times as probable as the best one; in [0, 1], 0 for all
 * @param typicalP draw from the tokens whose information is nearest to the entropy and whose probability reaches this
 *        (locally typical sampling, Meister et al. 2022); in (0, 1], 1 for all
 * @param presencePenalty taken off the logits of tokens that were generated
 * @param frequencyPenalty taken off the logits of tokens for each time that they were generated
 * @param noRepeatNgramSize length of n-grams that occur once only; 0 for none
 * @param logitBias added to the logits of these tokens
 * @param suppressTokens never chosen
 * @param beginSuppressTokens never chosen first
 * @param forcedTokens ids by place, counted from the first generated token, that are chosen there whatever the logits
 * @param minNewTokens number of first tokens that must not be one of the generation's stop tokens; 0 for none
 * @param processors run after all of these
 */
public record SamplingOptions(double temperature, int topK, double topP, double repetitionPenalty, long seed,
        double minP, double typicalP, double presencePenalty, double frequencyPenalty, int noRepeatNgramSize,
        Map<Integer, Double> logitBias, Set<Integer> suppressTokens, Set<Integer> beginSuppressTokens,
        Map<Integer, Integer> forcedTokens, int minNewTokens, List<LogitsProcessor> processors) {
    /** The best token, always. */
    public static final SamplingOptions GREEDY = new SamplingOptions(0, 0, 1, 1, 0);

    public SamplingOptions {
        Objects.requireNonNull(logitBias, "logitBias: null");
        Objects.requireNonNull(suppressTokens, "suppressTokens: null");
        Objects.requireNonNull(beginSuppressTokens, "beginSuppressTokens: null");
        Objects.requireNonNull(forcedTokens, "forcedTokens: null");
        Objects.requireNonNull(processors, "processors: null");
        require("temperature", temperature, isIn(temperature, 0, Double.MAX_VALUE), "at least 0 and finite");
        require("topK", topK, topK >= 0, "at least 0");
        require("topP", topP, isIn(topP, 0, 1), "in [0, 1]");
        require("repetitionPenalty", repetitionPenalty, isIn(repetitionPenalty, Double.MIN_VALUE, Double.MAX_VALUE),
                "positive and finite");
        require("minP", minP, isIn(minP, 0, 1), "in [0, 1]");
        require("typicalP", typicalP, typicalP > 0 && typicalP <= 1, "in (0, 1]");
        require("presencePenalty", presencePenalty, Double.isFinite(presencePenalty), "finite");
        require("frequencyPenalty", frequencyPenalty, Double.isFinite(frequencyPenalty), "finite");
        require("noRepeatNgramSize", noRepeatNgramSize, noRepeatNgramSize >= 0, "at least 0");
        require("minNewTokens", minNewTokens, minNewTokens >= 0, "at least 0");
        logitBias.forEach((id, bias) -> require("logitBias of token " + id, bias, !bias.isNaN(), "a number"));
        logitBias = Map.copyOf(logitBias);
        suppressTokens = Set.copyOf(suppressTokens);
        beginSuppressTokens = Set.copyOf(beginSuppressTokens);
        forcedTokens = Map.copyOf(forcedTokens);
        processors = List.copyOf(processors);
    }

    /** The usual ones; the others change nothing. */
    public SamplingOptions(double temperature, int topK, double topP, double repetitionPenalty, long seed) {
        this(temperature, topK, topP, repetitionPenalty, seed, 0, 1, 0, 0, 0, Map.of(), Set.of(), Set.of(), Map.of(),
                0, List.of());
    }

    /** Whether the best token is taken, without a draw. */
    public boolean isGreedy() {
        return temperature == 0;
    }

    public SamplingOptions withTemperature(double newTemperature) {
        return with(copy -> copy.temperature = newTemperature);
    }

    public SamplingOptions withTopK(int newTopK) {
        return with(copy -> copy.topK = newTopK);
    }

    public SamplingOptions withTopP(double newTopP) {
        return with(copy -> copy.topP = newTopP);
    }

    public SamplingOptions withRepetitionPenalty(double newRepetitionPenalty) {
        return with(copy -> copy.repetitionPenalty = newRepetitionPenalty);
    }

    public SamplingOptions withSeed(long newSeed) {
        return with(copy -> copy.seed = newSeed);
    }

    public SamplingOptions withMinP(double newMinP) {
        return with(copy -> copy.minP = newMinP);
    }

    public SamplingOptions withTypicalP(double newTypicalP) {
        return with(copy -> copy.typicalP = newTypicalP);
    }

    public SamplingOptions withPresencePenalty(double newPresencePenalty) {
        return with(copy -> copy.presencePenalty = newPresencePenalty);
    }

    public SamplingOptions withFrequencyPenalty(double newFrequencyPenalty) {
        return with(copy -> copy.frequencyPenalty = newFrequencyPenalty);
    }

    public SamplingOptions withNoRepeatNgramSize(int newNoRepeatNgramSize) {
        return with(copy -> copy.noRepeatNgramSize = newNoRepeatNgramSize);
    }

    public SamplingOptions withLogitBias(Map<Integer, Double> newLogitBias) {
        return with(copy -> copy.logitBias = newLogitBias);
    }

    public SamplingOptions withSuppressTokens(Set<Integer> newSuppressTokens) {
        return with(copy -> copy.suppressTokens = newSuppressTokens);
    }

    public SamplingOptions withBeginSuppressTokens(Set<Integer> newBeginSuppressTokens) {
        return with(copy -> copy.beginSuppressTokens = newBeginSuppressTokens);
    }

    public SamplingOptions withForcedTokens(Map<Integer, Integer> newForcedTokens) {
        return with(copy -> copy.forcedTokens = newForcedTokens);
    }

    public SamplingOptions withMinNewTokens(int newMinNewTokens) {
        return with(copy -> copy.minNewTokens = newMinNewTokens);
    }

    public SamplingOptions withProcessors(List<LogitsProcessor> newProcessors) {
        return with(copy -> copy.processors = newProcessors);
    }

    private SamplingOptions with(Consumer<SamplingFields> change) {
        SamplingFields copy = new SamplingFields(this);
        change.accept(copy);
        return copy.toOptions();
    }

    private static boolean isIn(double number, double min, double max) {
        return number >= min && number <= max;
    }

    private static void require(String name, Number actual, boolean condition, String limit) {
        if (!condition) {
            throw new IllegalArgumentException(name + ": " + actual + ", must be " + limit);
        }
    }
}
