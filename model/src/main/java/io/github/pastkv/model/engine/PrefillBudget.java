package io.github.pastkv.model.engine;

/**
 * Limits the prefill tokens of passes that also decode, so that a long prompt does not hold up the tokens of others:
 * such a pass takes about {@link #MIN_SLOWDOWN} times one that only decodes. The more prompts wait for each sequence
 * that decodes, the longer it may take, at most {@link #MAX_SLOWDOWN} times: then most clients wait for their first
 * token. The limit follows the measured times, as a prefill token costs more the longer its prompt is, and a pass that
 * decodes takes longer the more sequences do. So that the time without prefill is known, a pass now and then only
 * decodes though prompts wait. While nothing decodes there is no limit.
 *
 * <p>Limits change which tokens share a pass, and no result. Not thread-safe.
 */
final class PrefillBudget {
    private static final double MIN_SLOWDOWN = 2;
    private static final double MAX_SLOWDOWN = 10;
    private static final double SLOWDOWN_PER_PROMPT = 5; // and decoding sequence; the first prompt counts half
    private static final int FIRST_TOKENS = 32; // before anything is measured
    private static final int MIN_MEASURED_TOKENS = 64; // with fewer, a pass without decodes mostly reads weights
    // of the last pass, in the moving average of decoding: near the fastest passes, as the machine delayed others
    private static final double WEIGHT_OF_FASTER = 0.5;
    private static final double WEIGHT_OF_SLOWER = 0.1;

    private static final int MAX_AGE = 64; // passes after which the time of decoding is measured again
    private static final int MIN_PASSES_BETWEEN_PAUSES = 16;

    // by the power of two in the number of decodes
    private final double[] decodeNanos = new double[Integer.SIZE]; // moving averages of passes that only decode; or 0
    private final int[] age = new int[Integer.SIZE]; // passes with prefill since then
    private int numPassesSincePause = MIN_PASSES_BETWEEN_PAUSES;
    private double nanosPerToken; // of prefill; 0 before it is known

    /**
     * Most prefill tokens of the next pass, in which some requests decode while others wait for their prefill.
     *
     * @param numBetweenSteps sequences that miss this pass and decode in a later one: they wait for the end of this one
     */
    int maxTokens(long numDecodes, int numBetweenSteps, long numPrefills) {
        long numStreams = numDecodes + numBetweenSteps;
        if (numStreams == 0) {
            return Integer.MAX_VALUE;
        }
        int group = group((int) numStreams);
        if (numDecodes > 0 && numPrefills > 0 && mustMeasure(group((int) numDecodes))) {
            numPassesSincePause = 0;
            return 0;
        }
        if (decodeNanos[group] == 0 || nanosPerToken == 0) {
            return FIRST_TOKENS;
        }
        double promptsPerDecode = (numPrefills - 0.5) / numStreams;
        double slowdown = Math.clamp(SLOWDOWN_PER_PROMPT * promptsPerDecode, MIN_SLOWDOWN, MAX_SLOWDOWN);
        return Math.max(1, (int) ((slowdown - 1) * decodeNanos[group] / nanosPerToken));
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
        if (numDecodes == 0 && numPrefill >= MIN_MEASURED_TOKENS) {
            observePrefill((double) nanos / numPrefill);
        } else if (numDecodes > 0 && numPrefill == 0) {
            observeDecode(group(numDecodes), nanos);
        } else if (numDecodes > 0) {
            observeMixed(group(numDecodes), numPrefill, nanos);
        }
    }

    private void observeDecode(int group, long nanos) {
        double before = decodeNanos[group];
        double weight = nanos < before ? WEIGHT_OF_FASTER : WEIGHT_OF_SLOWER;
        decodeNanos[group] += (before == 0 ? 1 : weight) * (nanos - before);
        age[group] = 0;
    }

    private void observeMixed(int group, int numPrefill, long nanos) {
        age[group]++;
        if (decodeNanos[group] > 0) {
            observePrefill(Math.max(1, (nanos - decodeNanos[group]) / numPrefill));
        }
    }

    /** Slower passes count at once, faster ones by and by: one slow pass is soon forgotten. */
    private void observePrefill(double nanos) {
        nanosPerToken = Math.max(nanos, nanosPerToken / 2);
    }
}
