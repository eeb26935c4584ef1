package io.github.pastkv.cache.prefix;

/**
 * Segmented LRU (Karedla, Love and Wherry 1994): evicts nodes that were used once before nodes that were used again,
 * each in LRU order. At most four fifths of all nodes are protected; when there are more, the oldest return to the
 * probationary list.
 */
public final class SlruPolicy implements EvictionPolicy {
    private static final double MAX_PROTECTED = 0.8;

    private final EvictionLists lists;
    private final int usedOnce;
    private final int usedAgain;

    public SlruPolicy(EvictionLists lists) {
        this.lists = lists;
        this.usedOnce = lists.newList();
        this.usedAgain = lists.newList();
    }

    @Override
    public void add(int node) {
        lists.append(lists.numUses(node) > 1 ? usedAgain : usedOnce, node);
        int numAll = lists.size(usedOnce) + lists.size(usedAgain);
        while (lists.size(usedAgain) > MAX_PROTECTED * numAll) {
            int demoted = lists.first(usedAgain);
            lists.remove(demoted);
            lists.append(usedOnce, demoted);
        }
    }

    @Override
    public void remove(int node) {
        lists.remove(node);
    }

    @Override
    public int victim() {
        int victim = lists.first(usedOnce);
        return victim == EvictionLists.NONE ? lists.first(usedAgain) : victim;
    }
}
