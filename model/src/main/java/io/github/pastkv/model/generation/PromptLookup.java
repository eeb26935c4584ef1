package io.github.pastkv.model.generation;

import java.util.Arrays;

/**
 * Prompt lookup decoding (Saxena 2023): drafts the next tokens of a text from what followed an earlier occurrence of
 * its last few tokens, for speculative decoding (Leviathan et al., ICML 2023). Holds the ids of one text; not
 * thread-safe.
 */
final class PromptLookup {
    private static final int LONGEST_MATCH = 3;

    private final int maxDraftTokens;
    private int[] tokenIds = new int[64];
    private int numTokens;

    PromptLookup(int maxDraftTokens) {
        this.maxDraftTokens = maxDraftTokens;
    }

    void add(int tokenId) {
        if (numTokens == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numTokens);
        }
        tokenIds[numTokens++] = tokenId;
    }

    /**
     * Up to {@code limit} draft tokens: those after the latest earlier occurrence of the longest repeated suffix of the
     * text, of at most 3 tokens; none if the last token is new.
     */
    int[] draft(int limit) {
        int numWanted = Math.min(limit, maxDraftTokens);
        for (int length = Math.min(LONGEST_MATCH, numTokens - 1); length > 0 && numWanted > 0; length--) {
            int after = endOfLatestMatch(length);
            if (after >= 0) {
                return Arrays.copyOfRange(tokenIds, after, Math.min(after + numWanted, numTokens));
            }
        }
        return new int[0];
    }

    /** First token after the latest earlier occurrence of the last {@code length} tokens, or -1. */
    private int endOfLatestMatch(int length) {
        for (int from = numTokens - length - 1; from >= 0; from--) {
            if (Arrays.equals(tokenIds, from, from + length, tokenIds, numTokens - length, numTokens)) {
                return from + length;
            }
        }
        return -1;
    }
}
