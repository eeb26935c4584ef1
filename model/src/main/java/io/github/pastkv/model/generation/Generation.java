package io.github.pastkv.model.generation;

import java.util.List;

/**
 * The result of a generation.
 *
 * @param rows one for each row of the session
 * @param numPromptTokens real tokens of the prompts
 * @param numReusedTokens how many of them had been read before in this process and were not computed again
 * @param promptNanos time of the prompt's step, to the first choice of a token
 * @param numDecodedTokens tokens chosen after the first of each answer
 * @param decodeNanos time of those steps
 * @param numDraftedTokens how many of the decoded tokens were drafted and accepted
 */
public record Generation(List<GeneratedRow> rows, int numPromptTokens, int numReusedTokens, long promptNanos,
        int numDecodedTokens,
        long decodeNanos, int numDraftedTokens) {
    public Generation {
        rows = List.copyOf(rows);
    }

    /** Prompt tokens per second, those that were computed. */
    public double promptTokensPerSecond() {
        return perSecond(numPromptTokens - numReusedTokens, promptNanos);
    }

    /** Decoded tokens per second, all rows together; 0 where nothing was decoded. */
    public double decodeTokensPerSecond() {
        return perSecond(numDecodedTokens, decodeNanos);
    }

    private static double perSecond(int count, long nanos) {
        return nanos == 0 ? 0 : count * 1e9 / nanos;
    }
}
