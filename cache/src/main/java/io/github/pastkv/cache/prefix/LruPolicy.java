package io.github.pastkv.cache.prefix;

/** Evicts the least recently released nodes first (LRU), as RadixAttention does. */
public final class LruPolicy implements EvictionPolicy {
    private final EvictionLists lists;
    private final int list;

    public LruPolicy(EvictionLists lists) {
        this.lists = lists;
        this.list = lists.newList();
    }

    @Override
    public void add(int node) {
        lists.append(list, node);
    }

    @Override
    public void remove(int node) {
        lists.remove(node);
    }

    @Override
    public int victim() {
        return lists.first(list);
    }
}
