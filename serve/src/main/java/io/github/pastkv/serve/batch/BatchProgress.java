package io.github.pastkv.serve.batch;

/**
 * How far a batch is.
 *
 * @param numLines lines of the input
 * @param numKept lines that an earlier run has answered
 * @param numAnswered lines that this run has answered
 * @param numFailed lines that this run has refused, or could not answer
 * @param numPromptTokens tokens of the prompts that this run has answered
 * @param numReusedTokens those of them that were not computed again
 * @param numNewTokens tokens that this run has generated
 * @param seconds since the first request began; 0 before
 */
public record BatchProgress(long numLines, long numKept, long numAnswered, long numFailed, long numPromptTokens,
        long numReusedTokens, long numNewTokens, double seconds) {
    /** Lines that are still to be answered. */
    public long numLeft() {
        return numLines - numKept - numAnswered - numFailed;
    }

    /** Tokens of prompts and answers in a second. */
    public double tokensPerSecond() {
        return seconds == 0 ? 0 : (numPromptTokens + numNewTokens) / seconds;
    }

    /** Share of the prompts' tokens that was not computed again, in [0, 1]. */
    public double reusedShare() {
        return numPromptTokens == 0 ? 0 : (double) numReusedTokens / numPromptTokens;
    }

    /** Seconds until the end, if the lines that are left take as long as those so far; NaN while that is unknown. */
    public double secondsLeft() {
        long numDone = numAnswered + numFailed;
        return numDone == 0 ? Double.NaN : seconds / numDone * numLeft();
    }
}
