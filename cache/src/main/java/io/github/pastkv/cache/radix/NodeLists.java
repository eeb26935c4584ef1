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
    public int listOf(int node) {
        return nodes.list(node);
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
    public int numUses(int node) {
        return nodes.numUses(node);
    }

    @Override
    public void append(int list, int node) {
        assert nodes.list(node) == NONE : node;
        nodes.setList(node, list);
        nodes.setPrevious(node, last[list]);
        nodes.setNext(node, NONE);
        if (last[list] == NONE) {
            first[list] = node;
        } else {
            nodes.setNext(last[list], node);
        }
        last[list] = node;
        sizes[list]++;
    }

    @Override
    public void remove(int node) {
        int list = nodes.list(node);
        int previous = nodes.previous(node);
        int next = nodes.next(node);
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
        nodes.setList(node, NONE);
        sizes[list]--;
    }

    /** Nodes in all lists. */
    int numListed() {
        int numListed = 0;
        for (int list = 0; list < numLists; list++) {
            numListed += sizes[list];
        }
        return numListed;
    }

    /** Counts the nodes of all lists anew; an {@link IllegalStateException} names a list that is wrong. */
    void checkIntegrity() {
        for (int list = 0; list < numLists; list++) {
            int numCounted = 0;
            for (int node = first[list]; node != NONE; node = nodes.next(node)) {
                if (nodes.list(node) != list || ++numCounted > sizes[list]) {
                    throw new IllegalStateException("eviction list " + list + " is wrong at node " + node);
                }
            }
            if (numCounted != sizes[list]) {
                throw new IllegalStateException(
                        "eviction list " + list + " has " + numCounted + " nodes, " + sizes[list] + " are counted");
            }
        }
    }
}
