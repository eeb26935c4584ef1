package io.github.pastkv.spark.bench;

import java.util.List;

/**
 * What a run took.
 *
 * @param texts answers, in the order of the requests
 * @param numPromptTokens tokens of the prompts
 * @param numReused those of them that were not computed
 * @param numGenerated tokens of the answers
 * @param seconds from the first byte read to the last one written; the model was loaded before
 */
record Timing(List<String> texts, long numPromptTokens, long numReused, long numGenerated, double seconds) {
    double tokensPerSecond() {
        return (numPromptTokens + numGenerated) / seconds;
    }

    double reusedShare() {
        return (double) numReused / numPromptTokens;
    }
}
