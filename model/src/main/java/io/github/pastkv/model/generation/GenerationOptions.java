package io.github.pastkv.model.generation;

import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.List;
import java.util.Set;

/**
 * How a session generates.
 *
 * @param maxNewTokens most tokens per answer
 * @param sampling how each token is chosen
 * @param stopTokens ids that end an answer
 * @param stopStrings texts that end an answer; they need a tokenizer
 * @param numReturnSequences answers to each prompt, which is computed once; answer i of a prompt is the one that the
 *        same seed gives with {@code firstSampleIndex} i alone
 * @param firstSampleIndex number of the first answer, an argument of every random draw
 * @param maxDraftTokens most tokens guessed ahead by looking for the last ones earlier in the text; 0 for none. Guesses
 *        change the speed, never a token; for a moment they take room in the cache where it has some to spare
 * @param knownTokens ids that the session holds before the prompts: the repetition penalty and the guesses look at them, at
 *        the prompt and at the answer, as Hugging Face's {@code generate} does, which is always given the whole text
 */
public record GenerationOptions(int maxNewTokens, SamplingOptions sampling, Set<Integer> stopTokens,
        List<String> stopStrings, int numReturnSequences, long firstSampleIndex, int maxDraftTokens,
        List<Integer> knownTokens) {
    public GenerationOptions {
        require("maxNewTokens", maxNewTokens, 0);
        require("numReturnSequences", numReturnSequences, 1);
        require("firstSampleIndex", firstSampleIndex, 0);
        require("maxDraftTokens", maxDraftTokens, 0);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException("stopStrings: one is empty");
        }
        stopTokens = Set.copyOf(stopTokens);
        stopStrings = List.copyOf(stopStrings);
        knownTokens = List.copyOf(knownTokens);
    }

    private static void require(String name, long actual, long least) {
        if (actual < least) {
            throw new IllegalArgumentException(name + ": " + actual + ", must be at least " + least);
        }
    }

    /** One answer, the best token always, up to {@code maxNewTokens}; nothing stops it earlier. */
    public static GenerationOptions greedy(int maxNewTokens) {
        return new GenerationOptions(maxNewTokens, SamplingOptions.GREEDY, Set.of(), List.of(), 1, 0, 0, List.of());
    }

    public GenerationOptions withSampling(SamplingOptions newSampling) {
        return new GenerationOptions(maxNewTokens, newSampling, stopTokens, stopStrings, numReturnSequences,
                firstSampleIndex, maxDraftTokens, knownTokens);
    }

    public GenerationOptions withStopTokens(Set<Integer> newStopTokens) {
        return new GenerationOptions(maxNewTokens, sampling, newStopTokens, stopStrings, numReturnSequences,
                firstSampleIndex, maxDraftTokens, knownTokens);
    }

    public GenerationOptions withStopStrings(List<String> newStopStrings) {
        return new GenerationOptions(maxNewTokens, sampling, stopTokens, newStopStrings, numReturnSequences,
                firstSampleIndex, maxDraftTokens, knownTokens);
    }

    public GenerationOptions withNumReturnSequences(int newNumReturnSequences) {
        return new GenerationOptions(maxNewTokens, sampling, stopTokens, stopStrings, newNumReturnSequences,
                firstSampleIndex, maxDraftTokens, knownTokens);
    }

    public GenerationOptions withFirstSampleIndex(long newFirstSampleIndex) {
        return new GenerationOptions(maxNewTokens, sampling, stopTokens, stopStrings, numReturnSequences,
                newFirstSampleIndex, maxDraftTokens, knownTokens);
    }

    public GenerationOptions withMaxDraftTokens(int newMaxDraftTokens) {
        return new GenerationOptions(maxNewTokens, sampling, stopTokens, stopStrings, numReturnSequences,
                firstSampleIndex, newMaxDraftTokens, knownTokens);
    }

    public GenerationOptions withKnownTokens(List<Integer> newKnownTokens) {
        return new GenerationOptions(maxNewTokens, sampling, stopTokens, stopStrings, numReturnSequences,
                firstSampleIndex, maxDraftTokens, newKnownTokens);
    }
}
