package io.github.pastkv.model.engine;

/**
 * Limits the prefill tokens of passes that also decode, so that a long prompt does not hold up the tokens of others:
 * such a pass takes at most about {@link #MAX_SLOWDOWN} times one that only decodes. When more prompts wait than
 * sequences decode, it may be as many times longer, at most {@link #MAX_PROMPTS_PER_DECODE} times: then most clients
 * wait for their first token. The limit follows the measured times, as a prefill token costs more the longer its
 * prompt is, and a pass that decodes takes longer the more sequences do. So that the time without prefill is known, a
 * pass now and then only decodes though prompts wait. While nothing decodes there is no limit.
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

    private static final int MAX_AGE = 64; // passes after which the time of decoding is measured again
    private static final int MIN_PASSES_BETWEEN_PAUSES = 16;

    // by the power of two in the number of decodes
    private final double[] decodeNanos = new double[Integer.SIZE]; // moving averages of passes that only decode; or 0
    private final int[] age = new int[Integer.SIZE]; // passes with prefill since then
    private int numPassesSincePause = MIN_PASSES_BETWEEN_PAUSES;
    private double maxTokens = FIRST_TOKENS;
    private int numPassesSinceDecode = NUM_RECENT_PASSES;

    /** Most prefill tokens of the next pass, in which some requests decode while others wait for their prefill. */
    int maxTokens(long numDecodes, long numPrefills) {
        if (numDecodes == 0 && numPassesSinceDecode >= NUM_RECENT_PASSES) {
            return Integer.MAX_VALUE;
        }
        if (numDecodes > 0 && numPrefills > 0 && mustMeasure(group((int) numDecodes))) {
            numPassesSincePause = 0;
            return 0;
        }
        double promptsPerDecode = (double) numPrefills / Math.max(1, numDecodes);
        double slowdown = MAX_SLOWDOWN * Math.clamp(promptsPerDecode, 1, MAX_PROMPTS_PER_DECODE);
        return (int) (maxTokens * (slowdown - 1) / (MAX_SLOWDOWN - 1));
    }

    private static int group(int numDecodes) {
        return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(numDecodes);
    }

    private boolean mustMeasure(int group) {
        boolean isKnown = decodeNanos[group] > 0 && age[group] < MAX_AGE;
        return !isKnown && numPassesSincePause >= MIN_PASSES_BETWEEN_PAUSES;
    }

    /** Takes the time of a pass in which so many requests decoded, with so many tokens of prefill. */
    void observe(int numDecodes, int numPrefill, long nanos) {
        numPassesSincePause++;
        numPassesSinceDecode = numDecodes > 0 ? 0 : numPassesSinceDecode + 1;
        if (numDecodes > 0 && numPrefill == 0) {
            observeDecode(group(numDecodes), nanos);
        } else if (numDecodes > 0) {
            observeMixed(group(numDecodes), numPrefill, nanos);
        }
    }

    private void observeDecode(int group, long nanos) {
        decodeNanos[group] += (decodeNanos[group] == 0 ? 1 : WEIGHT) * (nanos - decodeNanos[group]);
        age[group] = 0;
    }

    private void observeMixed(int group, int numPrefill, long nanos) {
        age[group]++;
        if (decodeNanos[group] > 0) {
            double nanosPerToken = Math.max(1, (nanos - decodeNanos[group]) / numPrefill);
            double fitting = (MAX_SLOWDOWN - 1) * decodeNanos[group] / nanosPerToken;
            maxTokens = Math.clamp(fitting, MIN_TOKENS, 2 * maxTokens); // one slow pass is soon forgotten
        }
    }
}
