package io.github.pastkv.cache.prefix;

/**
 * Lists of a tree's nodes for eviction policies: each node is in one list at most, and can be taken out of its middle.
 * Called under the tree's lock only.
 */
public interface EvictionLists {
    /** No node. */
    int NONE = -1;

    /** A new list, empty. */
    int newList();

    /** The list that a node is in, or {@link #NONE}. */
    int listOf(int node);

    /** The node that has been in a list for longest, or {@link #NONE}. */
    int first(int list);

    /** Nodes in a list. */
    int size(int list);

    /** How often a node has been of use: 1 when it was made, one more with each hit, 255 at most. */
    int numUses(int node);

    /** Puts a node that is in no list at the end of one. */
    void append(int list, int node);

    /** Takes a node out of its list. */
    void remove(int node);
}
