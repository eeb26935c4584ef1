package io.github.pastkv.cache.prefix;

/**
 * Lists of a tree's entries for eviction policies: each entry is in one list at most, and can be taken out of its middle.
 * The links lie in the entries' own records, outside the heap. Under the tree's lock.
 */
public final class EvictionLists {
    /** No entry. */
    public static final int NONE = Records.NONE;
    private static final int MAX_LISTS = 32;

    private final PrefixNodes nodes;
    private final int[] first = new int[MAX_LISTS];
    private final int[] last = new int[MAX_LISTS];
    private final int[] sizes = new int[MAX_LISTS];
    private int numLists;

    EvictionLists(PrefixNodes nodes) {
        this.nodes = nodes;
    }

    /** A new list, empty. */
    public int newList() {
        first[numLists] = NONE;
        last[numLists] = NONE;
        return numLists++;
    }

    /** The list that an entry is in, or {@link #NONE}. */
    public int listOf(int entry) {
        return nodes.list(entry);
    }

    /** The entry that has been in a list for longest, or {@link #NONE}. */
    public int first(int list) {
        return first[list];
    }

    public int size(int list) {
        return sizes[list];
    }

    /** How often an entry has been of use: 1 when it was made, one more with each hit, 255 at most. */
    public int numUses(int entry) {
        return nodes.numUses(entry);
    }

    /** Puts an entry that is in no list at the end of one. */
    public void append(int list, int entry) {
        assert nodes.list(entry) == NONE : entry;
        nodes.setList(entry, list);
        nodes.setPrevious(entry, last[list]);
        nodes.setNext(entry, NONE);
        if (last[list] == NONE) {
            first[list] = entry;
        } else {
            nodes.setNext(last[list], entry);
        }
        last[list] = entry;
        sizes[list]++;
    }

    /** Takes an entry out of its list. */
    public void remove(int entry) {
        int list = nodes.list(entry);
        int previous = nodes.previous(entry);
        int next = nodes.next(entry);
        if (previous == NONE) {
            first[list] = next;
        } else {
            nodes.setNext(previous, next);
        }
        if (next == NONE) {
            last[list] = previous;
        } else {
            nodes.setPrevious(next, previous);
        }
        nodes.setList(entry, NONE);
        sizes[list]--;
    }

    /** Entries in all lists. */
    int numListed() {
        int numListed = 0;
        for (int list = 0; list < numLists; list++) {
            numListed += sizes[list];
        }
        return numListed;
    }

    /** Counts the entries of all lists anew; an {@link IllegalStateException} names a list that is wrong. */
    void checkIntegrity() {
        for (int list = 0; list < numLists; list++) {
            int numCounted = 0;
            for (int entry = first[list]; entry != NONE; entry = nodes.next(entry)) {
                if (nodes.list(entry) != list || ++numCounted > sizes[list]) {
                    throw new IllegalStateException("eviction list " + list + " is wrong at entry " + entry);
                }
            }
            if (numCounted != sizes[list]) {
                throw new IllegalStateException(
                        "eviction list " + list + " has " + numCounted + " entries, " + sizes[list] + " are counted");
            }
        }
    }
}
