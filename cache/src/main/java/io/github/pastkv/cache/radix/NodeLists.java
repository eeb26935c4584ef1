package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.EvictionLists;

/** Eviction lists whose links lie in the records of a tree's nodes, outside the heap. Under the tree's lock. */
final class NodeLists implements EvictionLists {
    private static final int MAX_LISTS = 32;

    private final PrefixNodes nodes;
    private final int[] first = new int[MAX_LISTS];
    private final int[] last = new int[MAX_LISTS];
    private final int[] sizes = new int[MAX_LISTS];
    private int numLists;

    NodeLists(PrefixNodes nodes) {
        this.nodes = nodes;
    }

    @Override
    public int newList() {
        first[numLists] = NONE;
        last[numLists] = NONE;
        return numLists++;
    }

    @Override
    public int listOf(int entry) {
        return nodes.list(entry);
    }

    @Override
    public int first(int list) {
        return first[list];
    }

    @Override
    public int size(int list) {
        return sizes[list];
    }

    @Override
    public int numUses(int entry) {
        return nodes.numUses(entry);
    }

    @Override
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

    @Override
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
