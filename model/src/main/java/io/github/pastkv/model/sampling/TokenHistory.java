package io.github.pastkv.model.sampling;

import java.util.Arrays;
import java.util.Objects;

/**
 * The ids of one sequence so far, for {@linkplain LogitsProcessor logits processors}: all of them in order, which were
 * generated, and the set of those that occurred. Adding is constant time. Not safe for use by several threads.
 */
public final class TokenHistory {
    private static final int WORD_BITS = 64;

    private final int vocabSize;
    private final long[] words; // a bit for each id that occurred
    private int[] ids = new int[32]; // different ones, in the order of first occurrence
    private int numIds;
    private int[] tokens = new int[32];
    private int numTokens;
    private int numPromptTokens;

    /** An empty sequence of ids below {@code vocabSize}. */
    public TokenHistory(int vocabSize) {
        if (vocabSize <= 0) {
            throw new IllegalArgumentException("vocabSize: " + vocabSize + ", must be positive");
        }
        this.vocabSize = vocabSize;
        this.words = new long[Math.ceilDiv(vocabSize, WORD_BITS)];
    }

    /** Adds the next id. */
    public void add(int id) {
        Objects.checkIndex(id, vocabSize);
        tokens = appended(tokens, numTokens++, id);
        long bit = 1L << (id % WORD_BITS);
        if ((words[id / WORD_BITS] & bit) == 0) {
            words[id / WORD_BITS] |= bit;
            ids = appended(ids, numIds++, id);
        }
    }

    private static int[] appended(int[] numbers, int length, int number) {
        int[] grown = length == numbers.length ? Arrays.copyOf(numbers, 2 * length) : numbers;
        grown[length] = number;
        return grown;
    }

    /** Counts what is there as the prompt; what is added later was generated. */
    public void endPrompt() {
        numPromptTokens = numTokens;
    }

    /** Ids in order, repeats included. */
    public int numTokens() {
        return numTokens;
    }

    /** Leading ids that are the prompt's. */
    public int numPromptTokens() {
        return numPromptTokens;
    }

    /** The id at a place of the sequence. */
    public int token(int index) {
        return tokens[Objects.checkIndex(index, numTokens)];
    }

    /** How many different ids occurred. */
    public int numIds() {
        return numIds;
    }

    /** A different id, in the order of first occurrence. */
    public int id(int index) {
        return ids[Objects.checkIndex(index, numIds)];
    }

    /** Empties the sequence. */
    public void clear() {
        Arrays.fill(words, 0);
        numIds = 0;
        numTokens = 0;
        numPromptTokens = 0;
    }
}
