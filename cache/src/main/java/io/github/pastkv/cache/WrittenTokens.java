package io.github.pastkv.cache;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Bit set {@code [layer][token]} of the tokens written in each layer of a step; each layer starts at a new word.
 * Different threads may mark tokens concurrently; clearing and querying are for one thread, after the others.
 */
final class WrittenTokens {
    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private long[] words = new long[0];
    private int wordsPerLayer;
    private int numTokens;

    /** Clears all marks for a step of these sizes. */
    void start(int numLayers, int newNumTokens) {
        numTokens = newNumTokens;
        wordsPerLayer = Math.ceilDiv(numTokens, Long.SIZE);
        int numWords = Math.multiplyExact(numLayers, wordsPerLayer);
        if (words.length < numWords) {
            words = new long[numWords];
        } else {
            Arrays.fill(words, 0, numWords, 0);
        }
    }

    /** Marks tokens {@code [from, to)} of a layer. */
    void mark(int layer, int from, int to) {
        for (int word = from / Long.SIZE; word * Long.SIZE < to; word++) {
            int first = Math.max(from - word * Long.SIZE, 0);
            int end = Math.min(to - word * Long.SIZE, Long.SIZE);
            if (first < end) {
                long bits = (-1L >>> (Long.SIZE - (end - first))) << first;
                WORDS.getAndBitwiseOr(words, layer * wordsPerLayer + word, bits);
            }
        }
    }

    /** The first token of a layer that has no mark, or the number of tokens if all have. */
    int firstUnwritten(int layer) {
        for (int word = 0; word < wordsPerLayer; word++) {
            long missing = ~words[layer * wordsPerLayer + word];
            if (missing != 0) {
                return Math.min(word * Long.SIZE + Long.numberOfTrailingZeros(missing), numTokens);
            }
        }
        return numTokens;
    }
}
