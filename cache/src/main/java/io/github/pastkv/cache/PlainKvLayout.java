package io.github.pastkv.cache;

import java.lang.foreign.MemorySegment;

/**
 * Keys and values stored as plain numbers of one {@link DataType}, without scales.
 *
 * <p>A block is {@code [layer][keys|values][kvHead][tile][...]}. A tile of values is {@code [slot][dim]}. A tile of keys
 * is {@code [dim][slot]} for four-byte types and {@code [dim / 2][slot][dim % 2]} for two-byte types: an int then holds
 * two dimensions of one key, and two shifts widen 32 numbers to two vectors of 16 keys (measured against the
 * alternatives in docs/decisions/0001-block-layout.md). The last dimension of an odd head stands alone.
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
        int slotInTile = slot % tileSlots;
        long inTile = keysInPairs() && (dim | 1) < shape.headDim()
                ? (long) (dim & ~1) * tileSlots + 2L * slotInTile + (dim & 1)
                : (long) dim * tileSlots + slotInTile;
        return (tileStart(2 * layer, kvHead, slot / tileSlots) + inTile) * dataType.bytes();
    }

    @Override
    public long valueByteOffset(int layer, int kvHead, int slot, int dim) {
        int tileSlots = tileSlots();
        long inTile = (long) (slot % tileSlots) * shape.headDim() + dim;
        return (tileStart(2 * layer + 1, kvHead, slot / tileSlots) + inTile) * dataType.bytes();
    }

    /** Whether two dimensions of a key lie side by side. */
    private boolean keysInPairs() {
        return dataType.bytes() == 2;
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
        long oddStart = blockByteOffset + keyByteOffset(layer, kvHead, slot, Math.min(1, shape.headDim() - 1));
        long pairStride = 2L * tileSlots() * dataType.bytes();
        int numPaired = shape.headDim() & ~1;
        for (int dim = 0; dim < numPaired; dim += 2) {
            long inPairs = (dim >> 1) * pairStride;
            dataType.write(segment, start + inPairs, DataType.F32.read(source, sourceByteOffset + 4L * dim));
            dataType.write(segment, oddStart + inPairs, DataType.F32.read(source, sourceByteOffset + 4L * dim + 4));
        }
        if (numPaired < shape.headDim()) {
            dataType.write(segment, blockByteOffset + keyByteOffset(layer, kvHead, slot, numPaired),
                    DataType.F32.read(source, sourceByteOffset + 4L * numPaired));
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
