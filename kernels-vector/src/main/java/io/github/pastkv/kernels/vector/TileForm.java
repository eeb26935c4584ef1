package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.store;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvBlocks;
import io.github.pastkv.cache.KvLayout;
import io.github.pastkv.cache.PlainKvLayout;
import io.github.pastkv.kernels.AttentionTile;
import java.lang.foreign.MemorySegment;

/**
 * How attention gets at a group of 16 positions. Whole groups of F32 or BF16 are read where they lie; everything else is
 * first copied to the tile's scratch memory in the form of an F32 tile (keys {@code [dim][16]}, values
 * {@code [16][dim]}), so that any layout works with the F32 bodies and can get bodies of its own later.
 */
enum TileForm {
    /** Whole F32 groups, read in place. */
    F32_IN_PLACE,
    /** Whole BF16 groups, read in place. */
    BF16_IN_PLACE,
    /** Whole F16 groups, widened to scratch memory. */
    F16_STAGED,
    /** Anything else, copied number by number. */
    STAGED;

    static final int GROUP = KvLayout.GROUP_POSITIONS;

    static TileForm of(KvLayout layout) {
        if (!(layout instanceof PlainKvLayout) || layout.blockSize() % GROUP != 0 || !isKeyedByDim(layout)) {
            return STAGED;
        }
        return switch (layout.dataType()) {
            case F32 -> F32_IN_PLACE;
            case BF16 -> BF16_IN_PLACE;
            case F16 -> F16_STAGED;
        };
    }

    /** Whether the keys of a group are {@code [dim][16]}. */
    private static boolean isKeyedByDim(KvLayout layout) {
        long toLastDim = layout.keyByteOffset(0, 0, 0, layout.shape().headDim() - 1) - layout.keyByteOffset(0, 0, 0, 0);
        return toLastDim == (layout.shape().headDim() - 1L) * GROUP * layout.dataType().bytes()
                && layout.keyByteOffset(0, 0, 1, 0) - layout.keyByteOffset(0, 0, 0, 0) == layout.dataType().bytes();
    }

    boolean inPlace() {
        return this == F32_IN_PLACE || this == BF16_IN_PLACE;
    }

    /**
     * Copies the keys of positions {@code [from, to)}, a group or its first part, to the start of scratch memory. Slots
     * from {@code to} on are left as they are.
     */
    void stageKeys(AttentionTile tile, int from, int to) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        if (this == F16_STAGED) {
            int block = from / layout.blockSize();
            long source = blocks.blockByteOffset(block)
                    + layout.keyByteOffset(tile.layer(), tile.kvHead(), from % layout.blockSize(), 0);
            widen(blocks.segment(block), source, tile.scratch(), 0, GROUP * tile.headDim());
            return;
        }
        for (int position = from; position < to; position++) {
            int block = position / layout.blockSize();
            for (int dim = 0; dim < tile.headDim(); dim++) {
                float key = layout.readKey(blocks.segment(block), blocks.blockByteOffset(block), tile.layer(),
                        tile.kvHead(), position % layout.blockSize(), dim);
                DataType.F32.write(tile.scratch(), 4L * (dim * GROUP + position - from), key);
            }
        }
    }

    /** The same for values. */
    void stageValues(AttentionTile tile, int from, int to) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        if (this == F16_STAGED) {
            int block = from / layout.blockSize();
            long source = blocks.blockByteOffset(block)
                    + layout.valueByteOffset(tile.layer(), tile.kvHead(), from % layout.blockSize(), 0);
            widen(blocks.segment(block), source, tile.scratch(), 0, GROUP * tile.headDim());
            return;
        }
        for (int position = from; position < to; position++) {
            int block = position / layout.blockSize();
            for (int dim = 0; dim < tile.headDim(); dim++) {
                float value = layout.readValue(blocks.segment(block), blocks.blockByteOffset(block), tile.layer(),
                        tile.kvHead(), position % layout.blockSize(), dim);
                DataType.F32.write(tile.scratch(), 4L * ((position - from) * tile.headDim() + dim), value);
            }
        }
    }

    /** Neighbouring F16 numbers to F32; {@code count} is a multiple of 16. */
    private static void widen(MemorySegment halves, long source, MemorySegment floats, long target, int count) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            store(Lanes.widenF16(Lanes.loadShorts(halves, source + 2L * i)), floats, target + 4L * i);
        }
    }
}
