package io.github.pastkv.cache.radix;

import java.util.Arrays;

/** The entries that a walk through a tree passed, first tokens first. Reused from walk to walk. */
public final class PrefixMatch {
    private int[] entries = new int[16];
    private int numEntries;
    private int numTokens;

    /** Of a walk to come. */
    public PrefixMatch() {}

    void clear() {
        numEntries = 0;
        numTokens = 0;
    }

    void add(int entry, int numAgreeing) {
        if (numEntries == entries.length) {
            entries = Arrays.copyOf(entries, 2 * numEntries);
        }
        entries[numEntries++] = entry;
        numTokens += numAgreeing;
    }

    /** Entries passed; entry i has the tokens of logical block i. */
    public int numEntries() {
        return numEntries;
    }

    public int entry(int logicalBlock) {
        return entries[logicalBlock];
    }

    /** Tokens that agree, from the first on; perhaps only some of the last entry's. */
    public int numTokens() {
        return numTokens;
    }

    /** Keeps the first {@code newNumTokens} tokens of blocks of {@code blockSize}. */
    public void truncate(int newNumTokens, int blockSize) {
        if (newNumTokens < numTokens) {
            numTokens = newNumTokens;
            numEntries = Math.ceilDiv(newNumTokens, blockSize);
        }
    }
}
