package io.github.pastkv.cache.layout;

import java.lang.foreign.MemorySegment;

/**
 * Where each number of a block lies: the only place that turns (layer, kv head, slot, dimension) into an offset.
 * {@link TiledKvLayout} is the one that caches use; others may store in their own way.
 *
 * <p>Offsets are bytes from the start of the block. A {@code slot} here is the place of a token within its block, in
 * {@code [0, blockSize)}. The slots of a block are cut into tiles of {@link #tileSlots()}; in a tile keys lie with the
 * slot innermost (the lanes of a vector are then 16 keys, and a score needs no sum across lanes), values lie row by row
 * (the lanes are then dimensions). No key row is promised to be contiguous.
 *
 * <p>Stateless and safe for any number of threads.
 */
public interface KvLayout {
    /** Positions that arithmetic takes together, whatever the block size. */
    int LANE_TILE = 16;

    /** The layers, kv heads and head dimension of one block. */
    KvShape shape();

    /** Tokens per block, P. */
    int blockSize();

    /** Bytes of one block: keys and values of P tokens in all layers. */
    long blockBytes();

    /** Blocks that {@code numTokens} tokens take. */
    default int numBlocks(int numTokens) {
        return Math.ceilDiv(numTokens, blockSize());
    }

    /** Slots per tile: 16, or the block size where that is smaller. */
    default int tileSlots() {
        return Math.min(blockSize(), LANE_TILE);
    }

    /** Byte offset in the block of one number of a key. */
    long keyByteOffset(int layer, int kvHead, int slot, int dim);

    /** Byte offset in the block of one number of a value. */
    long valueByteOffset(int layer, int kvHead, int slot, int dim);

    /**
     * Stores a key of {@code headDim} contiguous floats, rounded to the storage type.
     *
     * @throws KvRangeException for a finite number that the storage type would round to infinity
     */
    void writeKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, MemorySegment source,
            long sourceByteOffset);

    /**
     * Stores a value of {@code headDim} contiguous floats, rounded to the storage type.
     *
     * @throws KvRangeException for a finite number that the storage type would round to infinity
     */
    void writeValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, MemorySegment source,
            long sourceByteOffset);

    /** One number of a key as stored, widened. */
    float readKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim);

    /** One number of a value as stored, widened. */
    float readValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim);
}
