package io.github.pastkv.spark;

import java.io.Serializable;

/**
 * Consecutive prompts in the order of their token ids. Immutable.
 *
 * @param boundary ids that sort after the prompt before the first one, and not after the first one
 * @param numShared leading tokens that the first prompt shares with the prompt before it
 * @param numPrompts prompts
 * @param numTokens tokens to compute while the prompt before the first one is cached
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares segments
record PrefixSegment(int[] boundary, int numShared, long numPrompts, long numTokens) implements Serializable {
    private static final long serialVersionUID = 1;

    /** This segment and the one after it. */
    PrefixSegment plus(PrefixSegment next) {
        return new PrefixSegment(boundary, numShared, numPrompts + next.numPrompts, numTokens + next.numTokens);
    }

    /** Tokens to compute where nothing is cached before. */
    long numTokensAlone() {
        return numTokens + numShared;
    }

    @Override
    public String toString() {
        return "PrefixSegment[" + numPrompts + " prompts, " + numTokens + " tokens, " + numShared + " shared before]";
    }
}
