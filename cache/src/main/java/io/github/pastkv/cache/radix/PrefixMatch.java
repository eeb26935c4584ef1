package io.github.pastkv.cache.radix;

import java.util.Arrays;

/** The nodes on the path of a lookup in the tree, in token order. Reused from lookup to lookup. */
public final class PrefixMatch {
    private int[] nodes = new int[16];
    private int numNodes;
    private int numTokens;
    private boolean expired;

    /** An empty match. */
    public PrefixMatch() {}

    void clear() {
        numNodes = 0;
        numTokens = 0;
        expired = false;
    }

    void add(int node, int numAgreeing) {
        if (numNodes == nodes.length) {
            nodes = Arrays.copyOf(nodes, 2 * numNodes);
        }
        nodes[numNodes++] = node;
        numTokens += numAgreeing;
    }

    /** Whether the match ended at tokens whose time to live has expired. */
    boolean endsExpired() {
        return expired;
    }

    void setExpired(boolean newExpired) {
        expired = newExpired;
    }

    /** Number of nodes; node i has the tokens of logical block i. */
    public int numNodes() {
        return numNodes;
    }

    public int node(int logicalBlock) {
        return nodes[logicalBlock];
    }

    /** Number of matching tokens, possibly only part of the last node. */
    public int numTokens() {
        return numTokens;
    }

    /** Keeps the first {@code newNumTokens} tokens of blocks of {@code blockSize}. */
    public void truncate(int newNumTokens, int blockSize) {
        if (newNumTokens < numTokens) {
            numTokens = newNumTokens;
            numNodes = Math.ceilDiv(newNumTokens, blockSize);
        }
    }
}
