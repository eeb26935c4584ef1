package io.github.pastkv.cache.layout;

import io.github.pastkv.cache.check.Require;
import java.lang.foreign.MemorySegment;

/**
 * Stores keys and values in tiles of up to 16 slots, each of the two with its own {@link KvType}.
 *
 * <p>A block is {@code [layer][keys|values][kvHead][tile][...]}. A tile of keys is {@code [dim][slot]}, a tile of
 * values {@code [slot][dim]} (measured against the alternatives in docs/decisions/0001-block-layout.md). Scales, if the
 * type has them, follow the elements of the tile in the same order: {@code [group][slot]} for keys, so that the lanes
 * of a vector are slots there too, and {@code [slot][group]} for values. Of a latent there are keys only, and values
 * are read from them.
 */
public final class TiledKvLayout implements KvLayout {
    /** Version of the layout: must change whenever offsets or rounding change. */
    public static final int VERSION = 1;

    private final KvShape shape;
    private final KvTypes types;
    private final int blockSize;
    private final TiledPlane keys;
    private final TiledPlane values; // those of a latent are the plane of keys
    private final long valuesByteOffset; // from the start of a layer
    private final long layerBytes;

    /**
     * Creates a layout.
     *
     * @param blockSize tokens per block: 1 to 16, or a multiple of 16
     */
    public TiledKvLayout(KvShape shape, KvTypes types, int blockSize) {
        requireBlockSize(blockSize);
        this.shape = shape;
        this.types = types;
        this.blockSize = blockSize;
        this.keys = TiledPlane.ofKeys(shape, types.keys(), blockSize, tileSlots());
        this.values = shape.isLatent() ? keys : TiledPlane.ofValues(shape, types.values(), blockSize, tileSlots());
        this.valuesByteOffset = shape.isLatent() ? 0 : keys.bytes();
        this.layerBytes = valuesByteOffset + values.bytes();
        requireTypes(shape, types);
    }

    /** Rejects two types for a latent, which is key and value in one. */
    public static void requireTypes(KvShape shape, KvTypes types) {
        if (shape.isLatent() && types.keys() != types.values()) {
            throw new IllegalArgumentException(
                    "types: " + types + ", a latent is key and value in one and has one type");
        }
    }

    /** Rejects a block size that is not a whole number of tiles. */
    public static void requireBlockSize(int blockSize) {
        Require.positive("blockSize", blockSize);
        if (blockSize > LANE_TILE && blockSize % LANE_TILE != 0) {
            throw new IllegalArgumentException("blockSize: " + blockSize + ", above " + LANE_TILE
                    + " it must be a multiple of " + LANE_TILE);
        }
    }

    @Override
    public KvShape shape() {
        return shape;
    }

    /** Storage types of keys and values. */
    public KvTypes types() {
        return types;
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long blockBytes() {
        return layerBytes * shape.numLayers();
    }

    @Override
    public long keyByteOffset(int layer, int kvHead, int slot, int dim) {
        return layer * layerBytes + keys.numberByteOffset(kvHead, slot, dim);
    }

    @Override
    public long valueByteOffset(int layer, int kvHead, int slot, int dim) {
        return layer * layerBytes + valuesByteOffset + values.numberByteOffset(kvHead, slot, dim);
    }

    /** Byte offset within the block of the scale of one element of a key, if keys have scales. */
    public long keyScaleByteOffset(int layer, int kvHead, int slot, int dim) {
        return layer * layerBytes + keys.scaleByteOffset(kvHead, slot, dim);
    }

    /** Byte offset within the block of the scale of one element of a value, if values have scales. */
    public long valueScaleByteOffset(int layer, int kvHead, int slot, int dim) {
        return layer * layerBytes + valuesByteOffset + values.scaleByteOffset(kvHead, slot, dim);
    }

    @Override
    public void writeKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot,
            MemorySegment source, long sourceByteOffset) {
        keys.write(segment, blockByteOffset + layer * layerBytes, kvHead, slot, source, sourceByteOffset);
    }

    @Override
    public void writeValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot,
            MemorySegment source, long sourceByteOffset) {
        if (!shape.isLatent()) {
            values.write(segment, blockByteOffset + layer * layerBytes + valuesByteOffset, kvHead, slot, source,
                    sourceByteOffset);
        }
    }

    @Override
    public float readKey(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim) {
        return keys.read(segment, blockByteOffset + layer * layerBytes, kvHead, slot, dim);
    }

    @Override
    public float readValue(MemorySegment segment, long blockByteOffset, int layer, int kvHead, int slot, int dim) {
        return values.read(segment, blockByteOffset + layer * layerBytes + valuesByteOffset, kvHead, slot, dim);
    }

    @Override
    public String toString() {
        return types + " of " + shape + " in blocks of " + blockSize;
    }
}
