package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.StoredChunk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A chunk on its way to the store: first blocks of the pool, which are held until they are copied, then the copy. What
 * reads the tree is called under the budget's lock.
 */
final class HeldChunk {
    private static final int NONE = PrefixTree.NONE;

    private final PrefixTree tree;
    private final LayerGroup[] groups;
    private final int[] nodes; // [blocks]
    private final long[] stamps; // [blocks]
    private final boolean[] wasStored; // [blocks]
    private final int[] blockIds; // [blocks][G], NONE where the group has none
    private final BlockKey before;
    private final BlockOrigin origin;
    private final long firstPosition;
    private final int[] tokenIds;
    private long freedBytes; // what its eviction gives back
    private @Nullable StoredChunk copy;

    /** The chunk that ends with a node. */
    HeldChunk(int last, PrefixTree tree, LayerGroup[] groups, StoreBinding binding) {
        this.tree = tree;
        this.groups = groups;
        int numBlocksBefore = tree.numBlocksBefore(last);
        this.nodes = new int[numBlocksBefore % binding.chunkBlocks() + 1];
        this.stamps = new long[nodes.length];
        this.wasStored = new boolean[nodes.length];
        this.blockIds = new int[nodes.length * groups.length];
        this.tokenIds = new int[nodes.length * tree.blockSize()];
        int node = last;
        for (int block = nodes.length - 1; block >= 0; block--) {
            nodes[block] = node;
            stamps[block] = tree.stamp(node);
            wasStored[block] = tree.isStored(node);
            System.arraycopy(tree.tokenIds(node), 0, tokenIds, block * tree.blockSize(), tree.blockSize());
            for (int group = 0; group < groups.length; group++) {
                blockIds[block * groups.length + group] = tree.blockId(node, group);
            }
            node = tree.parent(node);
        }
        this.before = tree.key(node);
        this.origin = binding.origin(tree.namespace(last));
        this.firstPosition = (long) (numBlocksBefore + 1 - nodes.length) * tree.blockSize();
    }

    int numBlocks() {
        return nodes.length;
    }

    boolean hasExpiry() {
        return Arrays.stream(nodes).anyMatch(tree::hasExpiry);
    }

    /** Bytes that its eviction gives back to the pool. */
    long freedBytes() {
        return freedBytes;
    }

    /** Holds the blocks. If the last node is about to be evicted, its blocks are taken over without a notice to it. */
    void hold(boolean lastIsEvicted) {
        for (int i = 0; i < blockIds.length; i++) {
            BlockPool pool = poolOf(i);
            boolean isEvicted = lastIsEvicted && i >= blockIds.length - groups.length;
            if (blockIds[i] != NONE && isEvicted) {
                pool.takeCached(blockIds[i]);
                freedBytes += pool.blockBytes();
            } else if (blockIds[i] != NONE) {
                pool.retainCached(blockIds[i]);
            }
        }
    }

    private BlockPool poolOf(int index) {
        return groups[index % groups.length].blocks();
    }

    /** Records in its nodes, as far as they still exist, whether the store has them. */
    void setStored(boolean stored) {
        for (int block = 0; block < nodes.length; block++) {
            if (tree.stamp(nodes[block]) == stamps[block]) {
                tree.setStored(nodes[block], stored);
            }
        }
    }

    /**
     * Names of shorter chunks that the store may have and that this one makes redundant: its first blocks, where an
     * earlier end of the text was written. None if this chunk lacks a part that those may have.
     */
    List<ChunkKey> superseded() {
        List<ChunkKey> shorter = new ArrayList<>();
        boolean lacksNothing = Arrays.stream(blockIds).noneMatch(blockId -> blockId == NONE);
        for (int block = 0; lacksNothing && block < nodes.length - 1; block++) {
            if (wasStored[block] && !wasStored[block + 1]) {
                shorter.add(detached().keyOfFirst(block + 1));
            }
        }
        return shorter;
    }

    /**
     * The chunk over memory of its own; the first call copies it and releases the pool's blocks. Any thread's, once.
     */
    StoredChunk detached() {
        if (copy == null) {
            copy = inPool().copy();
            release();
        }
        return copy;
    }

    private StoredChunk inPool() {
        MemorySegment[] parts = new MemorySegment[blockIds.length];
        for (int i = 0; i < parts.length; i++) {
            if (blockIds[i] != NONE) {
                BlockPool pool = poolOf(i);
                parts[i] = pool.segment(blockIds[i]).asSlice(pool.byteOffset(blockIds[i]), pool.blockBytes());
            }
        }
        return StoredChunk.of(origin, before, firstPosition, tokenIds, tree.blockSize(), Arrays.asList(parts));
    }

    /** Releases the pool's blocks without a copy. */
    void release() {
        for (int i = 0; i < blockIds.length; i++) {
            if (blockIds[i] != NONE) {
                poolOf(i).release(blockIds[i]);
            }
        }
    }

    long bytes() {
        long bytes = 0;
        for (int i = 0; i < blockIds.length; i++) {
            bytes += blockIds[i] == NONE ? 0 : groups[i % groups.length].layout().blockBytes();
        }
        return bytes;
    }
}
