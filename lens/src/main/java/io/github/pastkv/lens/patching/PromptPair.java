package io.github.pastkv.lens.patching;

import java.util.Arrays;

/**
 * Two prompts of equal length that differ somewhere: one with the behavior that is looked for, one without.
 *
 * @param clean token ids of the first, {@code [T]}
 * @param corrupted token ids of the second, {@code [T]}
 */
@SuppressWarnings("ArrayRecordComponent") // ids as everywhere; nobody compares pairs
public record PromptPair(int[] clean, int[] corrupted) {
    public PromptPair {
        if (clean.length != corrupted.length) {
            throw new IllegalArgumentException("corrupted: " + corrupted.length + " tokens, clean has " + clean.length
                    + "; patching goes position by position, so they must be equally many");
        }
        if (Arrays.equals(clean, corrupted)) {
            throw new IllegalArgumentException("corrupted: the same " + clean.length + " tokens as clean; the prompts "
                    + "must differ somewhere");
        }
    }

    /** Tokens of each prompt, T. */
    public int numTokens() {
        return clean.length;
    }

    /** The first position at which they differ; every activation before it is the same in both runs. */
    public int firstDifference() {
        return Arrays.mismatch(clean, corrupted);
    }
}
