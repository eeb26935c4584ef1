package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.OffHeapTable;

/**
 * Ghost entries: the most recently evicted nodes, by hash, with the time and list of their eviction. Holds as many as
 * the tree's maximum number of nodes so far; the oldest are dropped first. A hash table with chains, off-heap except
 * for the heads. Under the tree's lock.
 */
final class EvictedPrefixes implements AutoCloseable {
    /** Returned for an unknown hash. */
    static final long NEVER_SEEN = Long.MIN_VALUE;
    /** Bytes per entry: its record, and at most one head. */
    static final long BYTES_PER_NODE = 32;
    private static final int NONE = OffHeapTable.NONE;
    private static final long HASH = 0;
    private static final long MILLIS = 8;
    private static final long NEXT = 16;
    private static final long LIST = 20;

    private final OffHeapTable ring = new OffHeapTable(24);
    private OffHeapTable heads = new OffHeapTable(Integer.BYTES);
    private int numHeads;
    private int oldest;
    private int capacity;

    /** Bytes allocated from the system. */
    long bytes() {
        return ring.bytes() + heads.bytes();
    }

    /** Adds an evicted node; {@code numNodes} are in the tree. */
    void add(long hash, long millis, int list, int numNodes) {
        capacity = Math.max(capacity, numNodes);
        int record;
        if (ring.numGiven() < capacity) {
            record = ring.add();
            growHeads();
        } else {
            record = oldest;
            unlink(record);
            oldest = (oldest + 1) % ring.numGiven();
        }
        ring.setLong(record, HASH, hash);
        ring.setLong(record, MILLIS, millis);
        ring.setInt(record, LIST, list);
        link(record);
    }

    /** When the node with this hash was evicted, or {@link #NEVER_SEEN}. */
    long evictedMillis(long hash) {
        int record = find(hash);
        return record == NONE ? NEVER_SEEN : ring.getLong(record, MILLIS);
    }

    /** The list that the node with this hash was evicted from, or NONE; clears it, so that it counts only once. */
    int takeList(long hash) {
        int record = find(hash);
        if (record == NONE) {
            return NONE;
        }
        int list = ring.getInt(record, LIST);
        ring.setInt(record, LIST, NONE);
        return list;
    }

    private int find(long hash) {
        if (numHeads == 0) {
            return NONE;
        }
        int record = heads.getInt(head(hash), 0);
        while (record != NONE && ring.getLong(record, HASH) != hash) {
            record = ring.getInt(record, NEXT);
        }
        return record;
    }

    private int head(long hash) {
        return (int) (hash >>> 32) & (numHeads - 1);
    }

    private void link(int record) {
        int head = head(ring.getLong(record, HASH));
        ring.setInt(record, NEXT, heads.getInt(head, 0));
        heads.setInt(head, 0, record);
    }

    private void unlink(int record) {
        int head = head(ring.getLong(record, HASH));
        int at = heads.getInt(head, 0);
        if (at == record) {
            heads.setInt(head, 0, ring.getInt(record, NEXT));
            return;
        }
        while (ring.getInt(at, NEXT) != record) {
            at = ring.getInt(at, NEXT);
        }
        ring.setInt(at, NEXT, ring.getInt(record, NEXT));
    }

    /** Keeps chains short: about two records per head. */
    private void growHeads() {
        int numOthers = ring.numGiven() - 1;
        if (numHeads > 0 && numOthers < 2 * numHeads) {
            return;
        }
        heads.close();
        numHeads = Math.max(512, 2 * numHeads);
        heads = new OffHeapTable(Integer.BYTES);
        for (int head = 0; head < numHeads; head++) {
            heads.setInt(heads.add(), 0, NONE);
        }
        for (int record = 0; record < numOthers; record++) {
            link(record);
        }
    }

    @Override
    public void close() {
        ring.close();
        heads.close();
    }
}
