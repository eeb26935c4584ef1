package io.github.pastkv.cache.radix;

import java.util.Arrays;

/** The nodes that a walk through a tree passed, first tokens first. Reused from walk to walk. */
public final class PrefixMatch {
    private int[] nodes = new int[16];
    private int numNodes;
    private int numTokens;
    private boolean expired;

    /** Of a walk to come. */
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

    /** Whether the walk ended at tokens that agree but whose time to live has passed. */
    boolean endsExpired() {
        return expired;
    }

    void setExpired(boolean newExpired) {
        expired = newExpired;
    }

    /** Nodes passed; node i has the tokens of logical block i. */
    public int numNodes() {
        return numNodes;
    }

    public int node(int logicalBlock) {
        return nodes[logicalBlock];
    }

    /** Tokens that agree, from the first on; perhaps only some of the last node's. */
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
