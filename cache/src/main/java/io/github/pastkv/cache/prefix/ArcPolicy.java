package io.github.pastkv.cache.prefix;

/**
 * Like {@link SlruPolicy}, but the share of what was of use once is learned: each time that evicted tokens are computed
 * again, the list that had them is given more room (ARC: Megiddo and Modha 2003; the tree remembers what was evicted).
 */
public final class ArcPolicy implements EvictionPolicy {
    private final EvictionLists lists;
    private final int usedOnce;
    private final int usedAgain;
    /** Nodes that {@code usedOnce} should have. */
    private double target;

    public ArcPolicy(EvictionLists lists) {
        this.lists = lists;
        this.usedOnce = lists.newList();
        this.usedAgain = lists.newList();
    }

    @Override
    public void add(int node) {
        lists.append(lists.numUses(node) > 1 ? usedAgain : usedOnce, node);
    }

    @Override
    public void remove(int node) {
        lists.remove(node);
    }

    @Override
    public int victim() {
        int once = lists.first(usedOnce);
        int again = lists.first(usedAgain);
        boolean takesOnce = once != EvictionLists.NONE
                && (again == EvictionLists.NONE || lists.size(usedOnce) > Math.max(1, target));
        return takesOnce ? once : again;
    }

    @Override
    public void missed(int list) {
        int numOnce = Math.max(1, lists.size(usedOnce));
        int numAgain = Math.max(1, lists.size(usedAgain));
        if (list == usedOnce) {
            target = Math.min(numOnce + numAgain, target + Math.max(1.0, (double) numAgain / numOnce));
        } else if (list == usedAgain) {
            target = Math.max(0, target - Math.max(1.0, (double) numOnce / numAgain));
        }
    }
}
