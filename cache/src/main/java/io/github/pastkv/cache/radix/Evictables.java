package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.EvictionPriority;

/**
 * Which entries of a tree can be evicted, in what order, and how many bytes that would free: those without blockers, in the
 * lists of a policy for each priority. Under the tree's lock.
 */
final class Evictables {
    private static final int NONE = Records.NONE;

    private final PrefixNodes nodes;
    private final int numGroups;
    private final BlockStore store;
    private final NodeLists lists;
    private final EvictionPolicy[] policies; // by priority, the first to go first
    private long bytes;

    Evictables(PrefixNodes nodes, int numGroups, BlockStore store, EvictionPolicy.Factory policy) {
        this.nodes = nodes;
        this.numGroups = numGroups;
        this.store = store;
        this.lists = new NodeLists(nodes);
        this.policies = new EvictionPolicy[EvictionPriority.values().length];
        for (int priority = 0; priority < policies.length; priority++) {
            policies[priority] = policy.over(lists);
        }
    }

    /** Bytes of blocks that could be evicted. */
    long bytes() {
        return bytes;
    }

    int numListed() {
        return lists.numListed();
    }

    /** Puts an entry without blockers into its list; its blocks are counted apart. */
    void add(int entry) {
        policies[nodes.priority(entry)].add(entry);
    }

    /** Takes out an entry that has no blockers. */
    void remove(int entry) {
        policies[nodes.priority(entry)].remove(entry);
        count(entry, -1);
    }

    /** The entry that should go next, or NONE. */
    int victim() {
        for (EvictionPolicy policy : policies) {
            int victim = policy.victim();
            if (victim != NONE) {
                return victim;
            }
        }
        return NONE;
    }

    /** What had been evicted from a list was computed again. */
    void missed(int list) {
        for (EvictionPolicy policy : policies) {
            policy.missed(list);
        }
    }

    /** Gives an entry another block in a group, or none. */
    void setBlockId(int entry, int group, int blockId) {
        count(entry, -1);
        nodes.setBlockId(entry, group, blockId);
        count(entry, 1);
    }

    private void count(int entry, int sign) {
        if (nodes.blockers(entry) == 0) {
            for (int group = 0; group < numGroups; group++) {
                bytes += nodes.blockId(entry, group) == NONE ? 0 : sign * store.blockBytes(group);
            }
        }
    }

    /** One more blocker of an entry; the first of an entry is one of its parent too. */
    void block(int entry) {
        int at = entry;
        while (at != NONE) {
            int blockers = nodes.blockers(at);
            if (blockers == 0) {
                remove(at);
            }
            nodes.setBlockers(at, blockers + 1);
            if (blockers == 0) {
                store.blockedChanged(at, true);
            }
            at = blockers == 0 ? nodes.parent(at) : NONE;
        }
    }

    /** One blocker less. */
    void unblock(int entry) {
        int at = entry;
        while (at != NONE) {
            int blockers = nodes.blockers(at) - 1;
            nodes.setBlockers(at, blockers);
            if (blockers == 0) {
                count(at, 1);
                add(at);
                store.blockedChanged(at, false);
            }
            at = blockers == 0 ? nodes.parent(at) : NONE;
        }
    }

    void setPriority(int entry, EvictionPriority priority) {
        boolean listed = nodes.blockers(entry) == 0;
        if (listed) {
            policies[nodes.priority(entry)].remove(entry);
        }
        nodes.setPriority(entry, priority.ordinal());
        if (listed) {
            policies[priority.ordinal()].add(entry);
        }
    }

    /** An {@link IllegalStateException} names a list that is wrong. */
    void checkIntegrity() {
        lists.checkIntegrity();
    }
}
