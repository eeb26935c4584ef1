package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.store;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;

/**
 * How attention reads the keys or the values of a lane tile of 16 positions. Whole lane tiles of F32, BF16 or Q8 are
 * read in place; everything else is first staged in the tile's scratch memory as an F32 tile (keys {@code [dim][16]},
 * values {@code [16][dim]}), so that any layout works with the F32 inner loops, and can get its own later.
 */
enum TileForm {
    /** Whole F32 lane tiles, read in place. */
    F32_IN_PLACE,
    /** Whole BF16 lane tiles, read in place. */
    BF16_IN_PLACE,
    /** Whole Q8 lane tiles, read in place with their scales. */
    Q8_IN_PLACE,
    /** Whole F16 lane tiles, widened to scratch memory. */
    F16_STAGED,
    /** Anything else, copied number by number. */
    STAGED;

    static final int LANE_TILE = KvLayout.LANE_TILE;

    static TileForm ofKeys(KvLayout layout) {
        return layout instanceof TiledKvLayout tiled ? of(tiled, tiled.types().keys()) : STAGED;
    }

    static TileForm ofValues(KvLayout layout) {
        return layout instanceof TiledKvLayout tiled && !tiled.shape().isLatent()
                ? of(tiled, tiled.types().values())
                : STAGED;
    }

    private static TileForm of(TiledKvLayout layout, KvType type) {
        if (layout.blockSize() % LANE_TILE != 0) {
            return STAGED;
        }
        return switch (type) {
            case F32 -> F32_IN_PLACE;
            case BF16 -> BF16_IN_PLACE;
            case Q8 -> Q8_IN_PLACE;
            case F16 -> F16_STAGED;
        };
    }

    boolean inPlace() {
        return this != F16_STAGED && this != STAGED;
    }

    /** Bytes of the values of one position, read in place. */
    long bytesPerValue(int valueDim) {
        KvType type = switch (this) {
            case BF16_IN_PLACE -> KvType.BF16;
            case Q8_IN_PLACE -> KvType.Q8;
            default -> KvType.F32;
        };
        return type.bytesPerHead(valueDim);
    }

    /**
     * Copies the keys of positions {@code [from, to)}, a lane tile or part of it, to their places in a lane tile at
     * the start of scratch memory. Other slots are left as they are, or hold anything.
     */
    void stageKeys(AttentionTile tile, int from, int to) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        if (this == F16_STAGED) {
            int block = from / layout.blockSize();
            int slot = from % layout.blockSize() / LANE_TILE * LANE_TILE;
            long source = blocks.blockByteOffset(block)
                    + layout.keyByteOffset(tile.layer(), tile.kvHead(), slot, 0);
            widen(blocks.segment(block), source, tile.scratch(), 0, LANE_TILE * tile.headDim());
            return;
        }
        for (int position = from; position < to; position++) {
            int block = position / layout.blockSize();
            for (int dim = 0; dim < tile.headDim(); dim++) {
                float key = layout.readKey(blocks.segment(block), blocks.blockByteOffset(block), tile.layer(),
                        tile.kvHead(), position % layout.blockSize(), dim);
                DataType.F32.write(tile.scratch(), 4L * (dim * LANE_TILE + position % LANE_TILE), key);
            }
        }
    }

    /** The same for values. */
    void stageValues(AttentionTile tile, int from, int to) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        if (this == F16_STAGED) {
            int block = from / layout.blockSize();
            int slot = from % layout.blockSize() / LANE_TILE * LANE_TILE;
            long source = blocks.blockByteOffset(block)
                    + layout.valueByteOffset(tile.layer(), tile.kvHead(), slot, 0);
            widen(blocks.segment(block), source, tile.scratch(), 0, LANE_TILE * tile.valueDim());
            return;
        }
        for (int position = from; position < to; position++) {
            int block = position / layout.blockSize();
            for (int dim = 0; dim < tile.valueDim(); dim++) {
                float value = layout.readValue(blocks.segment(block), blocks.blockByteOffset(block), tile.layer(),
                        tile.kvHead(), position % layout.blockSize(), dim);
                DataType.F32.write(tile.scratch(), 4L * (position % LANE_TILE * tile.valueDim() + dim), value);
            }
        }
    }

    /** Neighboring F16 numbers to F32; {@code count} is a multiple of 16. */
    private static void widen(MemorySegment halves, long source, MemorySegment floats, long target, int count) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            store(Lanes.widenF16(Lanes.loadShorts(halves, source + 2L * i)), floats, target + 4L * i);
        }
    }
}
