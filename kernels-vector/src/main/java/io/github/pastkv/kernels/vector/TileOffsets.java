package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.kernels.AttentionTile;

/**
 * Byte offsets of what attention reads and writes for a tile. Scratch memory begins with one staged lane tile; behind
 * it lie the interleaved queries while scores are computed, and the sums while values are added.
 */
final class TileOffsets {
    private TileOffsets() {}

    /** Where the keys of a position's lane tile begin in the memory of its block. */
    static long keyLaneTile(AttentionTile tile, int position) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize() / LANE_TILE * LANE_TILE;
        return blocks.blockByteOffset(block) + layout.keyByteOffset(tile.layer(), tile.kvHead(), slot, 0);
    }

    /** Where the values of a position begin in the memory of its block. */
    static long valueLaneTile(AttentionTile tile, int position) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        int block = position / layout.blockSize();
        return blocks.blockByteOffset(block)
                + layout.valueByteOffset(tile.layer(), tile.kvHead(), position % layout.blockSize(), 0);
    }

    /** Where the queries of {@code row} and its three neighbors begin in scratch memory. */
    static long fourQueries(AttentionTile tile, int row) {
        return 4L * (LANE_TILE + (row & ~3)) * tile.headDim();
    }

    /** Where the score of a position goes; rows past the last stand for it. */
    static long score(AttentionTile tile, int row, int position) {
        return tile.scoreByteOffset(Math.min(row, tile.numRows() - 1)) + 4L * position;
    }

    /** Where the sums of a tile row lie in scratch memory, behind one staged lane tile. */
    static long sums(AttentionTile tile, int row) {
        return 4L * (LANE_TILE + row) * tile.valueDim();
    }
}
