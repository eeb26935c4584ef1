package io.github.pastkv.model.sampling;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** The components of {@link SamplingOptions}, to be changed one by one. */
final class SamplingFields {
    double temperature;
    int topK;
    double topP;
    double repetitionPenalty;
    long seed;
    double minP;
    double typicalP;
    double presencePenalty;
    double frequencyPenalty;
    int noRepeatNgramSize;
    Map<Integer, Double> logitBias;
    Set<Integer> suppressTokens;
    Set<Integer> beginSuppressTokens;
    Map<Integer, Integer> forcedTokens;
    int minNewTokens;
    List<LogitsProcessor> processors;

    SamplingFields(SamplingOptions options) {
        temperature = options.temperature();
        topK = options.topK();
        topP = options.topP();
        repetitionPenalty = options.repetitionPenalty();
        seed = options.seed();
        minP = options.minP();
        typicalP = options.typicalP();
        presencePenalty = options.presencePenalty();
        frequencyPenalty = options.frequencyPenalty();
        noRepeatNgramSize = options.noRepeatNgramSize();
        logitBias = options.logitBias();
        suppressTokens = options.suppressTokens();
        beginSuppressTokens = options.beginSuppressTokens();
        forcedTokens = options.forcedTokens();
        minNewTokens = options.minNewTokens();
        processors = options.processors();
    }

    SamplingOptions toOptions() {
        return new SamplingOptions(temperature, topK, topP, repetitionPenalty, seed, minP, typicalP,
                presencePenalty, frequencyPenalty, noRepeatNgramSize, logitBias, suppressTokens,
                beginSuppressTokens, forcedTokens, minNewTokens, processors);
    }
}
