package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.OffHeapTable;
import io.github.pastkv.cache.block.RecordList;
import io.github.pastkv.cache.prefix.EvictionPriority;
import io.github.pastkv.cache.store.BlockKey;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The fields of a tree's nodes, one record each, outside the heap.
 *
 * <pre>
 * byte   0  hash, stamp, expiry                     3 longs
 *       24  parent; children, left, right           4 ints: the tree, and the treap of a node's children
 *       40  tokens, locks                           2 ints
 *       48  previous, next in an eviction list      2 ints
 *       56  eviction list, priority, uses, stored   4 bytes
 *       60  block id in each layer group            G ints
 *   60+4G  token ids of the block                   P ints
 *          key of the block                         32 bytes, where there is a store
 * </pre>
 */
final class PrefixNodes implements AutoCloseable {
    static final int NONE = OffHeapTable.NONE;
    /** Expiry of nodes without a time to live. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long HASH = 0;
    private static final long STAMP = 8;
    private static final long EXPIRES = 16;
    private static final long PARENT = 24;
    private static final long CHILDREN = 28;
    private static final long LEFT = 32;
    private static final long RIGHT = 36;
    private static final long NUM_TOKENS = 40;
    private static final long LOCK_COUNT = 44;
    private static final long LINKS = 48;
    private static final long LIST = 56;
    private static final long PRIORITY = 57;
    private static final long NUM_USES = 58;
    private static final long STORED = 59;
    private static final long BLOCK_IDS = 60;

    private final int numGroups;
    private final long tokensOffset;
    private final long keyOffset;
    private final OffHeapTable records;
    private long nextStamp = 1;

    /** No nodes; nodes have space for a block key if {@code hasKeys}. */
    PrefixNodes(int blockSize, int numGroups, boolean hasKeys) {
        this.numGroups = numGroups;
        this.tokensOffset = BLOCK_IDS + (long) numGroups * Integer.BYTES;
        this.keyOffset = tokensOffset + (long) blockSize * Integer.BYTES;
        this.records = new OffHeapTable(Math.toIntExact(keyOffset + (hasKeys ? BlockKey.BYTES : 0)));
    }

    OffHeapTable records() {
        return records;
    }

    /** A new node below {@code parent}, in no list, without tokens and blocks. */
    int add(int parent) {
        int node = records.add();
        records.setInt(node, PARENT, parent);
        setChildren(node, NONE);
        setNumTokens(node, 0);
        setLockCount(node, 0);
        setList(node, NONE);
        setPriority(node, EvictionPriority.NORMAL.level());
        setNumUses(node, 1);
        setStored(node, false);
        records.setLong(node, HASH, 0);
        records.setLong(node, STAMP, nextStamp++);
        setExpires(node, NEVER);
        for (int group = 0; group < numGroups; group++) {
            setBlockId(node, group, NONE);
        }
        return node;
    }

    /** Removes a node; its number may be reused. */
    void remove(int node) {
        records.setLong(node, STAMP, 0);
        records.remove(node);
    }

    int parent(int node) {
        return records.getInt(node, PARENT);
    }

    /** The root of the treap of a node's children. */
    int children(int node) {
        return records.getInt(node, CHILDREN);
    }

    void setChildren(int node, int root) {
        records.setInt(node, CHILDREN, root);
    }

    int left(int node) {
        return records.getInt(node, LEFT);
    }

    void setLeft(int node, int left) {
        records.setInt(node, LEFT, left);
    }

    int right(int node) {
        return records.getInt(node, RIGHT);
    }

    void setRight(int node, int right) {
        records.setInt(node, RIGHT, right);
    }

    int numTokens(int node) {
        return records.getInt(node, NUM_TOKENS);
    }

    void setNumTokens(int node, int numTokens) {
        records.setInt(node, NUM_TOKENS, numTokens);
    }

    int lockCount(int node) {
        return records.getInt(node, LOCK_COUNT);
    }

    void setLockCount(int node, int lockCount) {
        records.setInt(node, LOCK_COUNT, lockCount);
    }

    /** An empty list over the nodes' links. */
    RecordList newList(String name) {
        return new RecordList(name, records, LINKS);
    }

    int list(int node) {
        return records.getByte(node, LIST);
    }

    void setList(int node, int list) {
        records.setByte(node, LIST, list);
    }

    int priority(int node) {
        return records.getByte(node, PRIORITY);
    }

    void setPriority(int node, int priority) {
        records.setByte(node, PRIORITY, priority);
    }

    int numUses(int node) {
        return records.getByte(node, NUM_USES) & 0xFF;
    }

    void setNumUses(int node, int numUses) {
        records.setByte(node, NUM_USES, numUses);
    }

    /** Whether the store has the block. */
    boolean isStored(int node) {
        return records.getByte(node, STORED) != 0;
    }

    void setStored(int node, boolean stored) {
        records.setByte(node, STORED, stored ? 1 : 0);
    }

    /** The key of a root or of a whole block. */
    BlockKey key(int node) {
        return BlockKey.ofBytes(records.segment(node).asSlice(records.byteOffset(node) + keyOffset, BlockKey.BYTES)
                .toArray(ValueLayout.JAVA_BYTE));
    }

    void setKey(int node, BlockKey key) {
        MemorySegment.copy(key.toBytes(), 0, records.segment(node), ValueLayout.JAVA_BYTE,
                records.byteOffset(node) + keyOffset, BlockKey.BYTES);
    }

    /** A hash of all tokens up to this node's last. */
    long hash(int node) {
        return records.getLong(node, HASH);
    }

    void setHash(int node, long hash) {
        records.setLong(node, HASH, hash);
    }

    /** A unique number of the node; 0 after removal. */
    long stamp(int node) {
        return records.getLong(node, STAMP);
    }

    long expires(int node) {
        return records.getLong(node, EXPIRES);
    }

    void setExpires(int node, long millis) {
        records.setLong(node, EXPIRES, millis);
    }

    int blockId(int node, int group) {
        return records.getInt(node, BLOCK_IDS + (long) group * Integer.BYTES);
    }

    void setBlockId(int node, int group, int blockId) {
        records.setInt(node, BLOCK_IDS + (long) group * Integer.BYTES, blockId);
    }

    int tokenId(int node, int index) {
        return records.getInt(node, tokensOffset + (long) index * Integer.BYTES);
    }

    /** Sets the tokens of a node to {@code [from, from + numTokens)}. */
    void setTokens(int node, int[] tokenIds, int from, int numTokens) {
        MemorySegment.copy(tokenIds, from, records.segment(node), ValueLayout.JAVA_INT,
                records.byteOffset(node) + tokensOffset, numTokens);
        setNumTokens(node, numTokens);
    }

    /** Number of leading tokens, up to {@code count}, that a node shares with {@code tokenIds} from {@code from} on. */
    int agreeing(int node, int[] tokenIds, int from, int count) {
        MemorySegment segment = records.segment(node);
        long offset = records.byteOffset(node) + tokensOffset;
        int i = 0;
        while (i < count
                && segment.get(ValueLayout.JAVA_INT, offset + (long) i * Integer.BYTES) == tokenIds[from + i]) {
            i++;
        }
        return i;
    }

    @Override
    public void close() {
        records.close();
    }
}
