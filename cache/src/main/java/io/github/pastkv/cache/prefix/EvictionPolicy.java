package io.github.pastkv.cache.prefix;

/**
 * Chooses which cached prefix is evicted next. It is notified of the nodes that can be evicted: those that, with all
 * their descendants, are neither held nor pinned. The tree evicts leaves first: the chosen node itself or a descendant.
 *
 * <p>Called under the tree's lock only, so implementations need no synchronization.
 */
public interface EvictionPolicy {
    /** Creates a policy over a tree's lists. */
    @FunctionalInterface
    interface Factory {
        EvictionPolicy over(EvictionLists lists);
    }

    /** Called when a node becomes evictable. Of nodes released together, those with later tokens come first. */
    void add(int node);

    /** Called when a node is no longer evictable: it is held again, or evicted. */
    void remove(int node);

    /** The node to evict next, or {@link EvictionLists#NONE}; it stays in its list until removed. */
    int victim();

    /**
     * Called on a ghost hit: tokens that had been evicted from {@code list} were computed again.
     *
     * @param list the list that the node was evicted from
     */
    default void missed(int list) {}
}
