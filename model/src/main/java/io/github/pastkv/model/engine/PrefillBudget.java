package io.github.pastkv.model.engine;

/**
 * Limits the prefill tokens of passes that also decode, so that a long prompt does not hold up the tokens of others:
 * such a pass takes at most about {@link #MAX_SLOWDOWN} times one that only decodes. When more prompts wait than
 * sequences decode, it may be as many times longer, at most {@link #MAX_PROMPTS_PER_DECODE} times: then most clients
 * wait for their first token. The limit follows the measured times, as a prefill token costs more the longer its
 * prompt is. While nothing decodes there is no limit.
 *
 * <p>Limits change which tokens share a pass, and no result. Not thread-safe.
 */
final class PrefillBudget {
    private static final double MAX_SLOWDOWN = 2.5;
    private static final double MAX_PROMPTS_PER_DECODE = 4;
    private static final int MIN_TOKENS = 8;
    private static final int FIRST_TOKENS = 128; // before anything is measured
    private static final int NUM_RECENT_PASSES = 2; // a sequence that missed a pass still decodes
    private static final double WEIGHT = 0.2; // of the last pass, in the moving average

    private double decodeNanos; // moving average of passes that only decode
    private double maxTokens = FIRST_TOKENS;
    private int numPassesSinceDecode = NUM_RECENT_PASSES;

    /** Most prefill tokens of the next pass, in which some requests decode while others wait for their prefill. */
    int maxTokens(long numDecodes, long numPrefills) {
        if (numDecodes == 0 && numPassesSinceDecode >= NUM_RECENT_PASSES) {
            return Integer.MAX_VALUE;
        }
        double promptsPerDecode = (double) numPrefills / Math.max(1, numDecodes);
        double slowdown = MAX_SLOWDOWN * Math.clamp(promptsPerDecode, 1, MAX_PROMPTS_PER_DECODE);
        return (int) (maxTokens * (slowdown - 1) / (MAX_SLOWDOWN - 1));
    }

    /** Takes the time of a pass with these tokens. */
    void observe(int numDecode, int numPrefill, long nanos) {
        numPassesSinceDecode = numDecode > 0 ? 0 : numPassesSinceDecode + 1;
        if (numDecode > 0 && numPrefill == 0) {
            decodeNanos += (decodeNanos == 0 ? 1 : WEIGHT) * (nanos - decodeNanos);
        } else if (numDecode > 0 && decodeNanos > 0) {
            double nanosPerToken = Math.max(1, (nanos - decodeNanos) / numPrefill);
            double fitting = (MAX_SLOWDOWN - 1) * decodeNanos / nanosPerToken;
            maxTokens = Math.clamp(fitting, MIN_TOKENS, 2 * maxTokens); // one slow pass is soon forgotten
        }
    }
}
