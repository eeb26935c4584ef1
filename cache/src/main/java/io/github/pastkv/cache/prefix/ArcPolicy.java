package io.github.pastkv.cache.prefix;

/**
 * Adaptive replacement (ARC; Megiddo and Modha, FAST 2003): like {@link SlruPolicy}, but the size of the list of nodes
 * used once adapts. A ghost hit (evicted tokens are computed again) enlarges the list that they were evicted from; the
 * tree remembers evicted nodes.
 */
public final class ArcPolicy implements EvictionPolicy {
    private final EvictionLists lists;
    private final int usedOnce;
    private final int usedAgain;
    /** Target size of {@code usedOnce}. */
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
