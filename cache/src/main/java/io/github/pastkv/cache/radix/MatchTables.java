package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockTable;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.layout.KvWindow;

/**
 * Creates block tables from a match in the prefix tree, as far as each layer group has the blocks. Under the tree's
 * lock.
 */
final class MatchTables {
    private static final int NONE = PrefixTree.NONE;

    private final LayerGroup[] groups;
    private final PrefixTree tree;
    private final int blockSize;
    private final int maxRewindTokens;

    MatchTables(LayerGroup[] groups, int maxRewindTokens, PrefixTree tree) {
        this.groups = groups;
        this.tree = tree;
        this.blockSize = tree.blockSize();
        this.maxRewindTokens = maxRewindTokens;
    }

    /**
     * The largest number of tokens, at most {@code numTokens}, for which every group has the blocks that the next token
     * attends to.
     */
    int numUsable(PrefixMatch match, int numTokens) {
        int usable = numTokens;
        for (int group = 0; group < groups.length; group++) {
            int here = numUsable(match, group, usable);
            if (here < usable) {
                usable = here;
                group = -1; // an earlier position may need blocks that a group checked before lacks
            }
        }
        return usable;
    }

    private int numUsable(PrefixMatch match, int group, int numTokens) {
        KvWindow window = groups[group].window();
        int usable = numTokens;
        for (int block = Math.ceilDiv(numTokens, blockSize) - 1; window.isBounded() && block >= 0; block--) {
            if (isSeen(group, block, usable) && tree.blockId(match.node(block), group) == NONE) {
                usable = block * blockSize;
            }
        }
        return usable;
    }

    /** Whether the token at position {@code numTokens} attends to any position of a block through a group's window. */
    boolean isSeen(int group, int block, int numTokens) {
        return block < groups[group].numSinkBlocks()
                || block >= groups[group].window().firstVisible(numTokens) / blockSize;
    }

    /** Tables of the first {@code numTokens} usable tokens of a match, {@code [G]}. */
    BlockTable[] hold(PrefixMatch match, int numTokens) {
        BlockTable[] tables = new BlockTable[groups.length];
        for (int group = 0; group < groups.length; group++) {
            tables[group] = hold(match, group, numTokens);
        }
        return tables;
    }

    private BlockTable hold(PrefixMatch match, int group, int numTokens) {
        BlockTable table = new BlockTable(groups[group]);
        KvWindow window = groups[group].window();
        int numBlocks = Math.ceilDiv(numTokens, blockSize);
        int first = window.firstVisible(numTokens) / blockSize;
        int wanted = window.firstVisible(Math.max(0, numTokens - maxRewindTokens)) / blockSize;
        while (first > wanted && tree.blockId(match.node(first - 1), group) != NONE) {
            first--;
        }
        int numSinkBlocks = Math.min(groups[group].numSinkBlocks(), numBlocks);
        for (int block = 0; block < Math.min(numSinkBlocks, first); block++) {
            table.appendCached(tree.blockId(match.node(block), group));
        }
        if (first > table.numBlocks()) {
            table.skipTo(first, first * blockSize);
        }
        for (int block = table.numBlocks(); block < numBlocks; block++) {
            table.appendCached(tree.blockId(match.node(block), group));
        }
        return table;
    }
}
