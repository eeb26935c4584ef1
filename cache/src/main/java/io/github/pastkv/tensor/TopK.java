package io.github.pastkv.tensor;

import java.util.Arrays;

/** The indices of the greatest numbers. */
final class TopK {
    /** Up to here a sorted list of the best is kept; beyond it, sorting all is faster. */
    private static final int MAX_INSERTED = 100;

    private TopK() {}

    /** The indices of the {@code k} greatest of at least {@code k} numbers, the greatest first. */
    static int[] of(float[] numbers, int k) {
        long[] best = k <= MAX_INSERTED ? insertedRanks(numbers, k) : sortedRanks(numbers);
        int[] indices = new int[k];
        for (int i = 0; i < k; i++) {
            indices[i] = (int) best[i];
        }
        return indices;
    }

    private static long[] insertedRanks(float[] numbers, int k) {
        long[] best = new long[k];
        Arrays.fill(best, Long.MAX_VALUE);
        for (int i = 0; i < numbers.length; i++) {
            long rank = rank(numbers[i], i);
            int place = k;
            while (place > 0 && rank < best[place - 1]) {
                place--;
            }
            if (place < k) {
                System.arraycopy(best, place, best, place + 1, k - place - 1);
                best[place] = rank;
            }
        }
        return best;
    }

    private static long[] sortedRanks(float[] numbers) {
        long[] ranks = new long[numbers.length];
        for (int i = 0; i < ranks.length; i++) {
            ranks[i] = rank(numbers[i], i);
        }
        Arrays.sort(ranks);
        return ranks;
    }

    /** Less for greater numbers, NaN first, then for smaller indices; the index is in the lower half. */
    private static long rank(float number, int index) {
        int bits = Float.floatToIntBits(number + 0f); // -0 becomes 0
        int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE);
        return (long) ~ascending << 32 | index;
    }
}
