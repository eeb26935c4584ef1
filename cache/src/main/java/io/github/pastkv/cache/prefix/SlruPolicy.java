package io.github.pastkv.cache.prefix;

/**
 * Evicts what was of use once before what was of use again, each in the order in which it was let go of (segmented LRU:
 * Karedla, Love, Wherry 1994). Of all nodes at most four fifths are protected; what is beyond goes back to the others.
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
