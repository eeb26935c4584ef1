package io.github.pastkv.cache.prefix;

/** Evicts what was let go of longest ago. */
public final class LruPolicy implements EvictionPolicy {
    private final EvictionLists lists;
    private final int list;

    public LruPolicy(EvictionLists lists) {
        this.lists = lists;
        this.list = lists.newList();
    }

    @Override
    public void add(int entry) {
        lists.append(list, entry);
    }

    @Override
    public void remove(int entry) {
        lists.remove(entry);
    }

    @Override
    public int victim() {
        return lists.first(list);
    }
}
