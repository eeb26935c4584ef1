package io.github.pastkv.cache;

import java.lang.foreign.MemorySegment;

/**
 * Keys and values stored as plain numbers of one {@link DataType}, without scales.
 *
 * <p>A block is {@code [layer][keys|values][kvHead][tile][...]}. A tile of keys is {@code [dim][slot]}, a tile of values
 * {@code [slot][dim]} (measured against the alternatives in docs/decisions/0001-block-layout.md).
 */
public record PlainKvLayout(KvShape shape, DataType dataType, int blockSize) implements KvLayout {
    public PlainKvLayout {
        KvShape.requirePositive("blockSize", blockSize);
        if (blockSize > GROUP_POSITIONS && blockSize % GROUP_POSITIONS != 0) {
            throw new IllegalArgumentException("blockSize: " + blockSize + ", above " + GROUP_POSITIONS
                    + " it must be a multiple of " + GROUP_POSITIONS);
        }
    }

    @Override
    public long blockBytes() {
        return shape.bytesPerToken(dataType) * blockSize;
    }

    @Override
    public long keyByteOffset(int layer, int kvHead, int slot, int dim) {
        int tileSlots = tileSlots();
        long inTile = (long) dim * tileSlots + slot % tileSlots;
        return (tileStart(2 * layer, kvHead, slot / tileSlots) + inTile) * dataType.bytes();
    }

    @Override
    public long valueByteOffset(int layer, int kvHead, int slot, int dim) {
        int tileSlots = tileSlots();
        long inTile = (long) (slot % tileSlots) * shape.headDim() + dim;
        return (tileStart(2 * layer + 1, kvHead, slot / tileSlots) + inTile) * dataType.bytes();
    }

    /** First element of a tile; {@code half} is 2 * layer for keys, 2 * layer + 1 for values. */
    private long tileStart(int half, int kvHead, int tile) {
        long head = (long) half * shape.numKvHeads() + kvHead;
        return (head * blockSize + (long) tile * tileSlots()) * shape.headDim();
    }

    @Override
    public void writeKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot,
            MemorySegment source, long sourceByteOffset) {
        long start = blockByteOffset + keyByteOffset(layer, kvHead, slot, 0);
        long dimStride = (long) tileSlots() * dataType.bytes();
        for (int dim = 0; dim < shape.headDim(); dim++) {
            dataType.write(segment, start + dim * dimStride, DataType.F32.read(source, sourceByteOffset + 4L * dim));
        }
    }

    @Override
    public void writeValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot,
            MemorySegment source, long sourceByteOffset) {
        long start = blockByteOffset + valueByteOffset(layer, kvHead, slot, 0);
        for (int dim = 0; dim < shape.headDim(); dim++) {
            float number = DataType.F32.read(source, sourceByteOffset + 4L * dim);
            dataType.write(segment, start + (long) dim * dataType.bytes(), number);
        }
    }

    @Override
    public float readKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim) {
        return dataType.read(segment, blockByteOffset + keyByteOffset(layer, kvHead, slot, dim));
    }

    @Override
    public float readValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim) {
        return dataType.read(segment, blockByteOffset + valueByteOffset(layer, kvHead, slot, dim));
    }
}
