package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.OffHeapTable;

/**
 * The children of one node in the order of their tokens, as a treap (Seidel and Aragon 1996): a binary search tree that
 * is balanced in expectation, whatever the order of insertion. The tokens of a child are never a prefix of another's,
 * so the first differing token decides the order, and appending tokens to a child does not change it.
 *
 * <p>Nodes are stored in {@link PrefixNodes}. Under the tree's lock.
 */
final class ChildTreap {
    private static final int NONE = OffHeapTable.NONE;

    private final PrefixNodes nodes;
    private int found = NONE;
    private int splitLeft;
    private int splitRight;

    ChildTreap(PrefixNodes nodes) {
        this.nodes = nodes;
    }

    /** The child that {@link #findLongest} found. */
    int found() {
        return found;
    }

    /**
     * Finds the child with the longest match of tokens {@code [from, to)}.
     *
     * @param root the root of the children's tree, or NONE
     * @return number of matching tokens, possibly 0
     */
    int findLongest(int root, int[] tokenIds, int from, int to) {
        int longest = 0;
        found = NONE;
        int node = root;
        while (node != NONE) {
            int count = Math.min(nodes.numTokens(node), to - from);
            int agreeing = nodes.agreeing(node, tokenIds, from, count);
            if (agreeing > longest) {
                longest = agreeing;
                found = node;
            }
            if (agreeing == count) {
                return longest; // one is a prefix of the other: no other child has a longer match
            }
            node = tokenIds[from + agreeing] < nodes.tokenId(node, agreeing) ? nodes.left(node) : nodes.right(node);
        }
        return longest;
    }

    /** Inserts a child; returns the new root. */
    int add(int root, int child) {
        if (root == NONE || weight(child) > weight(root)) {
            split(root, child);
            nodes.setLeft(child, splitLeft);
            nodes.setRight(child, splitRight);
            return child;
        }
        if (isBefore(child, root)) {
            nodes.setLeft(root, add(nodes.left(root), child));
        } else {
            nodes.setRight(root, add(nodes.right(root), child));
        }
        return root;
    }

    /** Removes a child; returns the new root. */
    int remove(int root, int child) {
        if (root == child) {
            return join(nodes.left(child), nodes.right(child));
        }
        if (isBefore(child, root)) {
            nodes.setLeft(root, remove(nodes.left(root), child));
        } else {
            nodes.setRight(root, remove(nodes.right(root), child));
        }
        return root;
    }

    /** Splits a tree into the children before {@code child} and those after. */
    private void split(int root, int child) {
        if (root == NONE) {
            splitLeft = NONE;
            splitRight = NONE;
        } else if (isBefore(child, root)) {
            split(nodes.left(root), child);
            nodes.setLeft(root, splitRight);
            splitRight = root;
        } else {
            split(nodes.right(root), child);
            nodes.setRight(root, splitLeft);
            splitLeft = root;
        }
    }

    private int join(int left, int right) {
        if (left == NONE || right == NONE) {
            return left == NONE ? right : left;
        }
        if (weight(left) > weight(right)) {
            nodes.setRight(left, join(nodes.right(left), right));
            return left;
        }
        nodes.setLeft(right, join(left, nodes.left(right)));
        return right;
    }

    private boolean isBefore(int node, int other) {
        int count = Math.min(nodes.numTokens(node), nodes.numTokens(other));
        for (int i = 0; i < count; i++) {
            int order = Integer.compare(nodes.tokenId(node, i), nodes.tokenId(other, i));
            if (order != 0) {
                return order < 0;
            }
        }
        throw new AssertionError("node " + node + " and node " + other + ": one begins with the other");
    }

    /** Pseudo-random priority of a node. */
    private long weight(int node) {
        return TokenHash.mix(nodes.stamp(node));
    }
}
