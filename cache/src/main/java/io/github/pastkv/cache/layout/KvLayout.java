package io.github.pastkv.cache.layout;

import java.lang.foreign.MemorySegment;

/**
 * Maps (layer, kv head, slot, dimension) to an offset within a block; the only place that does so. Caches use
 * {@link TiledKvLayout}; other implementations are possible.
 *
 * <p>Offsets are bytes from the start of the block. A {@code slot} here is the index of a token within its block, in
 * {@code [0, blockSize)}, and a {@code layer} is the index of a layer within its group, which
 * {@link io.github.pastkv.cache.KvStep#layerInGroup} gives: layers of unequal types or windows lie in blocks of their
 * own. The slots of a block are split into tiles of {@link #tileSlots()}. In a tile the slot is the
 * innermost axis of keys (the lanes of a vector are then 16 keys, and a score needs no sum across lanes), and the
 * dimension that of values (the lanes are then dimensions). Key rows are not necessarily contiguous.
 *
 * <p>Stateless and safe for any number of threads.
 */
public interface KvLayout {
    /** Positions that kernels process together, whatever the block size. */
    int LANE_TILE = 16;

    /** The layers, kv heads and head dimension of one block. */
    KvShape shape();

    /** Tokens per block, P. */
    int blockSize();

    /** Bytes of one block: keys and values of P tokens in all layers. */
    long blockBytes();

    /** Number of blocks that {@code numTokens} tokens need. */
    default int numBlocks(int numTokens) {
        return Math.ceilDiv(numTokens, blockSize());
    }

    /** Slots per tile: 16, or the block size if that is smaller. */
    default int tileSlots() {
        return Math.min(blockSize(), LANE_TILE);
    }

    /** Byte offset of one element of a key within the block. */
    long keyByteOffset(int layer, int kvHead, int slot, int dim);

    /** Byte offset of one element of a value within the block; of a latent, that of the same element of the key. */
    long valueByteOffset(int layer, int kvHead, int slot, int dim);

    /**
     * Stores a key of {@code headDim} contiguous floats, rounded to the storage type.
     *
     * @throws KvRangeException for a finite number that the storage type would round to infinity
     */
    void writeKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, MemorySegment source,
            long sourceByteOffset);

    /**
     * Stores a value of {@code headDim} contiguous floats, rounded to the storage type. Of a latent the value is part
     * of the key, and nothing is stored.
     *
     * @throws KvRangeException for a finite number that the storage type would round to infinity
     */
    void writeValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, MemorySegment source,
            long sourceByteOffset);

    /** One element of a key as stored, widened to float. */
    float readKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim);

    /** One element of a value as stored, widened to float. */
    float readValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim);
}
