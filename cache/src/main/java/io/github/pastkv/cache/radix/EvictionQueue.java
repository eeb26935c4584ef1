package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.OffHeapTable;
import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.EvictionPriority;

/**
 * The evictable nodes of a tree, which are those not locked, in the lists of one policy per priority, and the bytes
 * that evicting them would free. Under the tree's lock.
 */
final class EvictionQueue {
    private static final int NONE = OffHeapTable.NONE;

    private final PrefixNodes nodes;
    private final int numGroups;
    private final BlockOwner owner;
    private final NodeLists lists;
    private final EvictionPolicy[] policies; // by priority, lowest first
    private long bytes;

    EvictionQueue(PrefixNodes nodes, int numGroups, BlockOwner owner, EvictionPolicy.Factory policy) {
        this.nodes = nodes;
        this.numGroups = numGroups;
        this.owner = owner;
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

    /** Adds an unlocked node to its list; its blocks are counted separately. */
    void add(int node) {
        policies[nodes.priority(node)].add(node);
    }

    /** Removes an unlocked node. */
    void remove(int node) {
        policies[nodes.priority(node)].remove(node);
        count(node, -1);
    }

    /** The node to evict next, or NONE. */
    int victim() {
        for (EvictionPolicy policy : policies) {
            int victim = policy.victim();
            if (victim != NONE) {
                return victim;
            }
        }
        return NONE;
    }

    /** Called on a ghost hit in a list. */
    void missed(int list) {
        for (EvictionPolicy policy : policies) {
            policy.missed(list);
        }
    }

    /** Sets the block of a node in a group, or none. */
    void setBlockId(int node, int group, int blockId) {
        count(node, -1);
        nodes.setBlockId(node, group, blockId);
        count(node, 1);
    }

    private void count(int node, int sign) {
        if (nodes.lockCount(node) == 0) {
            for (int group = 0; group < numGroups; group++) {
                bytes += nodes.blockId(node, group) == NONE ? 0 : sign * owner.blockBytes(group);
            }
        }
    }

    /** Adds a lock to a node; the first lock of a node locks its parent too. */
    void lock(int node) {
        int at = node;
        while (at != NONE) {
            int lockCount = nodes.lockCount(at);
            if (lockCount == 0) {
                remove(at);
            }
            nodes.setLockCount(at, lockCount + 1);
            if (lockCount == 0) {
                owner.lockChanged(at, true);
            }
            at = lockCount == 0 ? nodes.parent(at) : NONE;
        }
    }

    /** Removes a lock. */
    void unlock(int node) {
        int at = node;
        while (at != NONE) {
            int lockCount = nodes.lockCount(at) - 1;
            nodes.setLockCount(at, lockCount);
            if (lockCount == 0) {
                count(at, 1);
                add(at);
                owner.lockChanged(at, false);
            }
            at = lockCount == 0 ? nodes.parent(at) : NONE;
        }
    }

    void setPriority(int node, EvictionPriority priority) {
        boolean listed = nodes.lockCount(node) == 0;
        if (listed) {
            policies[nodes.priority(node)].remove(node);
        }
        nodes.setPriority(node, priority.level());
        if (listed) {
            policies[priority.level()].add(node);
        }
    }

    /** An {@link IllegalStateException} names a list that is wrong. */
    void checkIntegrity() {
        lists.checkIntegrity();
    }
}
