package io.github.pastkv.cache.prefix;

/**
 * Lists of a tree's nodes for eviction policies. A node is in at most one list and can be removed from its middle.
 * Called under the tree's lock only.
 */
public interface EvictionLists {
    /** No node. */
    int NONE = -1;

    /** A new list, empty. */
    int newList();

    /** The list that a node is in, or {@link #NONE}. */
    int listOf(int node);

    /** The oldest node of a list, or {@link #NONE}. */
    int first(int list);

    /** Nodes in a list. */
    int size(int list);

    /** Use count of a node: 1 when it is created, one more with each hit, at most 255. */
    int numUses(int node);

    /** Appends a node that is in no list. */
    void append(int list, int node);

    /** Removes a node from its list. */
    void remove(int node);
}
