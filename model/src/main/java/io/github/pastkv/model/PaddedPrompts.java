package io.github.pastkv.model;

import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Arrays;

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
        AttentionMask mask =
                AttentionMask.ofLengths(Arrays.stream(prompts).mapToInt(prompt -> prompt.length).toArray());
        int[][] tokenIds =
                Arrays.stream(prompts).map(prompt -> Arrays.copyOf(prompt, mask.numSlots())).toArray(int[][]::new);
        return new PaddedPrompts(tokenIds, mask);
    }
}
