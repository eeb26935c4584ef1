package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.OffHeapTable;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Integrity check of a prefix tree: recomputes all its counts. */
final class PrefixTreeCheck {
    private static final int NONE = OffHeapTable.NONE;

    private final PrefixTree tree;
    private final PrefixNodes nodes;
    private final IntUnaryOperator numPins;
    private final Set<Integer> seen = new HashSet<>();
    private int numListed;
    private long evictableBytes;
    private int lastChild;

    PrefixTreeCheck(PrefixTree tree, IntUnaryOperator numPins) {
        this.tree = tree;
        this.nodes = tree.nodes();
        this.numPins = numPins;
    }

    void run() {
        for (int root : tree.roots().values()) {
            require(seen.add(root), root, "is twice a root");
            int numLocked = checkChildren(root);
            require(nodes.lockCount(root) == 1 + numLocked, root, "has a wrong number of locks");
        }
        require(seen.size() == nodes.records().numRecords(), NONE,
                seen.size() + " nodes can be reached, " + nodes.records().numRecords() + " are counted");
        require(numListed == tree.numListed(), NONE,
                numListed + " nodes can be evicted, " + tree.numListed() + " are in lists");
        require(evictableBytes == tree.evictableBytes(), NONE,
                evictableBytes + " bytes can be evicted, " + tree.evictableBytes() + " are counted");
    }

    /** Checks the descendants of a node; returns the number of locked children. */
    private int checkChildren(int parent) {
        lastChild = NONE;
        return checkTreap(nodes.children(parent), parent);
    }

    private int checkTreap(int child, int parent) {
        if (child == NONE) {
            return 0;
        }
        int numLocked = checkTreap(nodes.left(child), parent);
        require(seen.add(child), child, "is in two places");
        require(nodes.parent(child) == parent, child, "has another parent than " + parent);
        require(lastChild == NONE || isOrdered(lastChild, child), child, "is out of order");
        numLocked += checkNode(child) ? 1 : 0;
        lastChild = child;
        return numLocked + checkTreap(nodes.right(child), parent);
    }

    private boolean isOrdered(int node, int other) {
        for (int i = 0; i < Math.min(nodes.numTokens(node), nodes.numTokens(other)); i++) {
            if (nodes.tokenId(node, i) != nodes.tokenId(other, i)) {
                return nodes.tokenId(node, i) < nodes.tokenId(other, i);
            }
        }
        return false;
    }

    private boolean checkNode(int node) {
        int numTokens = nodes.numTokens(node);
        require(numTokens > 0 && numTokens <= tree.blockSize(), node, "has " + numTokens + " tokens");
        require(numTokens == tree.blockSize() || nodes.children(node) == NONE, node, "is partial and has children");
        int lockCount = numPins.applyAsInt(node);
        long bytes = 0;
        for (int group = 0; group < tree.numGroups(); group++) {
            int blockId = nodes.blockId(node, group);
            if (blockId != NONE) {
                require(tree.owner().isAttached(group, blockId, node, numTokens), node,
                        "and block " + blockId + " of group " + group + " do not agree");
                lockCount += tree.owner().isHeld(group, blockId) ? 1 : 0;
                bytes += tree.owner().blockBytes(group);
            }
        }
        lockCount += checkChildren(node);
        require(nodes.lockCount(node) == lockCount, node, "has " + nodes.lockCount(node) + " locks, not " + lockCount);
        require((lockCount == 0) == (nodes.list(node) != NONE), node, "has the wrong list membership");
        numListed += lockCount == 0 ? 1 : 0;
        evictableBytes += lockCount == 0 ? bytes : 0;
        return lockCount > 0;
    }

    private static void require(boolean holds, int node, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(node == NONE ? otherwise : "prefix node " + node + " " + otherwise);
        }
    }
}
