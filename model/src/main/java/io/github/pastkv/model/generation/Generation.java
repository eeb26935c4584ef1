package io.github.pastkv.model.generation;

import java.util.List;

/**
 * The result of a generation.
 *
 * @param rows one for each row of the session
 * @param numPromptTokens real tokens of the prompts
 * @param numReusedTokens how many of them were reused from the prefix cache
 * @param promptNanos time of the prefill, up to the first token
 * @param numDecodedTokens tokens generated after the first one of each completion
 * @param decodeNanos time of those steps
 * @param numDraftedTokens how many of the decoded tokens were drafted and accepted, or forced by a grammar and appended
 *        together with the token before them
 */
public record Generation(List<GeneratedRow> rows, int numPromptTokens, int numReusedTokens, long promptNanos,
        int numDecodedTokens,
        long decodeNanos, int numDraftedTokens) {
    public Generation {
        rows = List.copyOf(rows);
    }

    /**
     * The text of the only row.
     *
     * @throws IllegalStateException if there are several
     */
    public String text() {
        return onlyRow().text();
    }

    /**
     * Why the only row stopped.
     *
     * @throws IllegalStateException if there are several
     */
    public FinishReason reason() {
        return onlyRow().reason();
    }

    private GeneratedRow onlyRow() {
        if (rows.size() != 1) {
            throw new IllegalStateException("rows: " + rows.size() + ", read each with rows()");
        }
        return rows.getFirst();
    }

    /** Computed prompt tokens per second. */
    public double promptTokensPerSecond() {
        return perSecond(numPromptTokens - numReusedTokens, promptNanos);
    }

    /** Decoded tokens per second over all rows; 0 if nothing was decoded. */
    public double decodeTokensPerSecond() {
        return perSecond(numDecodedTokens, decodeNanos);
    }

    private static double perSecond(int count, long nanos) {
        return nanos == 0 ? 0 : count * 1e9 / nanos;
    }
}
