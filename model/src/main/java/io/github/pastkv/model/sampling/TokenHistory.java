package io.github.pastkv.model.sampling;

import java.util.Arrays;
import java.util.Objects;

/**
 * The set of ids that occurred in a sequence, prompt and answer, for the repetition penalty. Adding is constant time.
 * Not safe for use by several threads.
 */
public final class TokenHistory {
    private static final int WORD_BITS = 64;

    private final int vocabSize;
    private final long[] words;
    private int[] ids = new int[32];
    private int numIds;

    /** An empty set of ids below {@code vocabSize}. */
    public TokenHistory(int vocabSize) {
        this.vocabSize = vocabSize;
        this.words = new long[Math.ceilDiv(vocabSize, WORD_BITS)];
    }

    /** Adds an id; one that is there already changes nothing. */
    public void add(int id) {
        Objects.checkIndex(id, vocabSize);
        long bit = 1L << (id % WORD_BITS);
        if ((words[id / WORD_BITS] & bit) == 0) {
            words[id / WORD_BITS] |= bit;
            if (numIds == ids.length) {
                ids = Arrays.copyOf(ids, 2 * numIds);
            }
            ids[numIds++] = id;
        }
    }

    /** How many different ids are in the set. */
    public int numIds() {
        return numIds;
    }

    /** An id of the set, in the order of first occurrence. */
    int id(int index) {
        return ids[Objects.checkIndex(index, numIds)];
    }

    /** Empties the set. */
    public void clear() {
        Arrays.fill(words, 0);
        numIds = 0;
    }
}
