package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;

/**
 * Scores of a tile: lanes are keys, so each score is a chain of its own over the dimensions. Four tile rows share one
 * read of a lane tile of keys; where fewer are left the last one fills their places, and its scores are written more
 * than once.
 *
 * <p>Positions are walked in spans, all rows over one span before the next, so that its keys come from a near cache for
 * all rows but the first. After one staged lane tile the tile's scratch memory holds the queries, those of four rows
 * interleaved, {@code [row / 4][dim][row % 4]}: a body then reads them with one offset.
 */
final class VectorScores {
    private VectorScores() {}

    static void qkScores(AttentionTile tile) {
        gatherQueries(tile);
        TileForm form = TileForm.ofKeys(tile.blocks().layout());
        scoreRange(tile, form, Range.SINKS);
        scoreRange(tile, form, Range.WINDOW);
    }

    private static void scoreRange(AttentionTile tile, TileForm form, Range range) {
        int end = tile.to(range, tile.numRows() - 1);
        int step = form.inPlace() ? AttentionTile.SPAN_POSITIONS : LANE_TILE;
        int to;
        for (int from = tile.from(range, 0); from < end; from = to) {
            to = Math.min((from / step + 1) * step, end);
            if (!form.inPlace()) {
                stage(tile, form, from, to);
            }
            for (int row = 0; row < tile.numRows(); row += 4) {
                int lastRow = Math.min(row + 3, tile.numRows() - 1);
                fourRows(tile, form, row, Math.max(from, tile.from(range, row)),
                        Math.min(to, tile.to(range, lastRow)));
            }
        }
    }

    /** Sinks in the window's first lane tile are staged with it, as their scores are written again. */
    private static void stage(AttentionTile tile, TileForm form, int from, int to) {
        int laneTile = from / LANE_TILE * LANE_TILE;
        int sinksTo = Math.min(from, tile.to(Range.SINKS, tile.numRows() - 1));
        if (laneTile < sinksTo) {
            form.stageKeys(tile, laneTile, sinksTo);
        }
        form.stageKeys(tile, from, to);
    }

    private static void gatherQueries(AttentionTile tile) {
        int lastRow = tile.numRows() - 1;
        for (int row = 0; row <= (lastRow | 3); row++) {
            long source = tile.queryByteOffset(Math.min(row, lastRow));
            long target = TileOffsets.fourQueries(tile, row) + 4L * (row % 4);
            for (int dim = 0; dim < tile.headDim(); dim++) {
                float number = DataType.F32.read(tile.queries(), source + 4L * dim);
                DataType.F32.write(tile.scratch(), target + 16L * dim, number);
            }
        }
    }

    /** Rows {@code [row, row + 4)}, positions {@code [from, to)} and those that share a vector with them. */
    private static void fourRows(AttentionTile tile, TileForm form, int row, int from, int to) {
        int position = from / Lanes.COUNT * Lanes.COUNT;
        if (form.inPlace() && ScoreBodies.HAS_FOUR_LANE_TILES) {
            int numTiles = ScoreBodies.numLaneTiles(form);
            int width = numTiles * LANE_TILE;
            while (position + width <= to && AllMemory.hasAddresses(tile, position, numTiles, LANE_TILE)) {
                ScoreBodies.laneTiles(tile, form, row, position);
                position += width;
            }
        }
        for (; position < to; position += Lanes.COUNT) {
            MemorySegment keys = form.inPlace() ? keys(tile, position) : tile.scratch();
            long laneTile = form.inPlace() ? TileOffsets.keyLaneTile(tile, position) : 0;
            ScoreBodies.fourRows(tile, form, row, keys, laneTile, position);
        }
    }

    /** The memory that holds the key of a position. */
    private static MemorySegment keys(AttentionTile tile, int position) {
        KvBlocks blocks = tile.blocks();
        return blocks.segment(position / blocks.layout().blockSize());
    }
}
