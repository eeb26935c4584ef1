package io.github.pastkv.cache.prefix;

/**
 * Chooses which cached prefix goes next. It is told of a node while that can be evicted: nobody holds or pins it or
 * anything that goes on from it. Whatever it chooses, the tree evicts leaves first: the node itself or one below it.
 *
 * <p>Called under the tree's lock only, so it needs none of its own.
 */
public interface EvictionPolicy {
    /** Makes a policy over a tree's lists. */
    @FunctionalInterface
    interface Factory {
        EvictionPolicy over(EvictionLists lists);
    }

    /** A node can be evicted from now on. Of nodes let go of together, later tokens come before earlier ones. */
    void add(int node);

    /** A node can no longer be evicted: it is held again or gone. */
    void remove(int node);

    /** The node that should go next, or {@link EvictionLists#NONE} where there is none; it stays until removed. */
    int victim();

    /**
     * Tokens that had been evicted from {@code list} were computed again: an adaptive policy learns from it.
     *
     * @param list the list that the node was in when it was evicted
     */
    default void missed(int list) {}
}
