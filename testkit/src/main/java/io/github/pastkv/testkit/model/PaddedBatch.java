package io.github.pastkv.testkit.model;

import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Rows of different lengths in one token matrix, padded on the left, on the right or anywhere. Padding has an id
 * outside every vocabulary, since a pad's id is never read.
 */
public final class PaddedBatch {
    private static final int PAD_ID = -1;

    private final int[][] tokenIds;
    private final AttentionMask mask;

    private PaddedBatch(int[][] tokenIds, AttentionMask mask) {
        this.tokenIds = tokenIds;
        this.mask = mask;
    }

    /** {@code [B, N]}. */
    public int[][] tokenIds() {
        return tokenIds;
    }

    /** {@code [B, N]}. */
    public AttentionMask mask() {
        return mask;
    }

    /** Pads first. */
    public static PaddedBatch left(int[]... rows) {
        int width = longest(rows);
        return fill(rows, width, row -> width - rows[row].length);
    }

    /** Pads last. */
    public static PaddedBatch right(int[]... rows) {
        return fill(rows, longest(rows), _ -> 0);
    }

    private static int longest(int[][] rows) {
        return Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0);
    }

    private static PaddedBatch fill(int[][] rows, int width, IntUnaryOperator firstSlot) {
        int[][] slots = new int[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            int from = firstSlot.applyAsInt(row);
            slots[row] = IntStream.range(from, from + rows[row].length).toArray();
        }
        return place(rows, slots, width);
    }

    /** Holes anywhere: each row's tokens in ascending random slots of a matrix that is wider than the longest. */
    public static PaddedBatch holes(Random random, int[]... rows) {
        int width = longest(rows) + 1 + random.nextInt(9);
        int[][] slots = new int[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            slots[row] = random.ints(0, width).distinct().limit(rows[row].length).sorted().toArray();
        }
        return place(rows, slots, width);
    }

    private static PaddedBatch place(int[][] rows, int[][] slots, int width) {
        int[][] tokenIds = new int[rows.length][width];
        int[][] mask = new int[rows.length][width];
        for (int row = 0; row < rows.length; row++) {
            Arrays.fill(tokenIds[row], PAD_ID);
            for (int i = 0; i < slots[row].length; i++) {
                tokenIds[row][slots[row][i]] = rows[row][i];
                mask[row][slots[row][i]] = 1;
            }
        }
        return new PaddedBatch(tokenIds, AttentionMask.of(mask));
    }
}
