package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.RecordList;
import io.github.pastkv.cache.prefix.EvictionLists;
import java.util.ArrayList;
import java.util.List;

/** Eviction lists whose links are fields of a tree's off-heap node records. Under the tree's lock. */
final class NodeLists implements EvictionLists {
    private final PrefixNodes nodes;
    private final List<RecordList> lists = new ArrayList<>();

    NodeLists(PrefixNodes nodes) {
        this.nodes = nodes;
    }

    @Override
    public int newList() {
        lists.add(nodes.newList("eviction candidates " + lists.size()));
        return lists.size() - 1;
    }

    @Override
    public int listOf(int node) {
        return nodes.list(node);
    }

    @Override
    public int first(int list) {
        return lists.get(list).first();
    }

    @Override
    public int size(int list) {
        return lists.get(list).size();
    }

    @Override
    public int numUses(int node) {
        return nodes.numUses(node);
    }

    @Override
    public void append(int list, int node) {
        assert nodes.list(node) == NONE : node;
        nodes.setList(node, list);
        lists.get(list).append(node);
    }

    @Override
    public void remove(int node) {
        lists.get(nodes.list(node)).remove(node);
        nodes.setList(node, NONE);
    }

    /** Nodes in all lists. */
    int numListed() {
        return lists.stream().mapToInt(RecordList::size).sum();
    }

    /** Counts the nodes of all lists again; an {@link IllegalStateException} names a list that is wrong. */
    void checkIntegrity() {
        for (int i = 0; i < lists.size(); i++) {
            int list = i;
            lists.get(i).checkIntegrity(node -> {
                if (nodes.list(node) != list) {
                    throw new IllegalStateException("eviction list " + list + " is wrong at node " + node);
                }
            });
        }
    }
}
