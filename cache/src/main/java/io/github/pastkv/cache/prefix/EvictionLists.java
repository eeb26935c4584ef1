package io.github.pastkv.cache.prefix;

/**
 * Lists of a tree's entries for eviction policies: each entry is in one list at most, and can be taken out of its middle.
 * Called under the tree's lock only.
 */
public interface EvictionLists {
    /** No entry. */
    int NONE = -1;

    /** A new list, empty. */
    int newList();

    /** The list that an entry is in, or {@link #NONE}. */
    int listOf(int entry);

    /** The entry that has been in a list for longest, or {@link #NONE}. */
    int first(int list);

    /** Entries in a list. */
    int size(int list);

    /** How often an entry has been of use: 1 when it was made, one more with each hit, 255 at most. */
    int numUses(int entry);

    /** Puts an entry that is in no list at the end of one. */
    void append(int list, int entry);

    /** Takes an entry out of its list. */
    void remove(int entry);
}
