package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;

import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.tensor.DataType;

/**
 * The whole lane tiles of 16 positions that hold what a tile row sees, as at most two ranges, one for each {@link
 * Range}. Ranges never overlap nor end in one span: where sinks and window share a span they are one range, the
 * second, with a hole in it.
 */
final class VisibleLaneTiles {
    private VisibleLaneTiles() {}

    /** Whether sinks and window are one range. */
    private static boolean areJoined(AttentionTile tile, int row) {
        int numSinks = tile.to(Range.SINKS, row);
        return tile.from(Range.SINKS, row) < numSinks
                && (numSinks - 1) / AttentionTile.SPAN_POSITIONS
                        == tile.firstVisible(row) / AttentionTile.SPAN_POSITIONS;
    }

    static int from(AttentionTile tile, Range range, int row) {
        return range == Range.SINKS || areJoined(tile, row) ? tile.from(Range.SINKS, row)
                : tile.firstVisible(row) / LANE_TILE * LANE_TILE;
    }

    static int to(AttentionTile tile, Range range, int row) {
        if (range == Range.SINKS && areJoined(tile, row)) {
            return tile.from(Range.SINKS, row);
        }
        return Math.ceilDiv(tile.to(range, row), LANE_TILE) * LANE_TILE;
    }

    /** Sets the scores within the ranges that the row does not see. */
    static void fillHoles(AttentionTile tile, int row, float score) {
        int numSinks = tile.to(Range.SINKS, row);
        int firstVisible = tile.firstVisible(row);
        if (areJoined(tile, row)) {
            fill(tile, row, numSinks, firstVisible, score);
        } else {
            fill(tile, row, numSinks, Math.ceilDiv(numSinks, LANE_TILE) * LANE_TILE, score);
            fill(tile, row, firstVisible / LANE_TILE * LANE_TILE, firstVisible, score);
        }
        int numVisible = tile.numVisible(row);
        fill(tile, row, numVisible, Math.ceilDiv(numVisible, LANE_TILE) * LANE_TILE, score);
    }

    private static void fill(AttentionTile tile, int row, int from, int to, float score) {
        long start = tile.scoreByteOffset(row);
        for (int position = from; position < to; position++) {
            DataType.F32.write(tile.scores(), start + 4L * position, score);
        }
    }
}
