package io.github.pastkv.model;

import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Arrays;
import java.util.Objects;

/**
 * A prompt for each row, padded to one length.
 *
 * @param tokenIds {@code [B, N]}
 * @param mask {@code [B, N]}, 0 at padding
 */
@SuppressWarnings("ArrayRecordComponent") // only a pair of arguments, never compared
record PaddedPrompts(int[][] tokenIds, AttentionMask mask) {
    /** Prompts of any lengths, padded after their ends. */
    static PaddedPrompts of(int[]... prompts) {
        Objects.requireNonNull(prompts, "prompts: null");
        int[] lengths = new int[prompts.length];
        for (int row = 0; row < prompts.length; row++) {
            if (prompts[row] == null) {
                throw new NullPointerException("prompts: row " + row + " is null");
            }
            lengths[row] = prompts[row].length;
        }
        AttentionMask mask = AttentionMask.ofLengths(lengths);
        int[][] tokenIds =
                Arrays.stream(prompts).map(prompt -> Arrays.copyOf(prompt, mask.numSlots())).toArray(int[][]::new);
        return new PaddedPrompts(tokenIds, mask);
    }
}
