package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.kernels.ScalarMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Scores to pattern. All passes run over whole lane tiles of 16 positions ({@link VisibleLaneTiles}); what the row
 * does not see in them is minus infinity to the maximum and zero to the sum, which change neither.
 */
final class VectorSoftmax {
    private VectorSoftmax() {}

    static void softmax(AttentionTile tile) {
        for (int row = 0; row < tile.numRows(); row++) {
            VisibleLaneTiles.fillHoles(tile, row, Float.NEGATIVE_INFINITY);
            float sinkScore = tile.form().sinkScore(tile.head(row));
            float maximum = Math.max(sinkScore,
                    Math.max(maximum(tile, row, Range.SINKS), maximum(tile, row, Range.WINDOW)));
            exponentials(tile, row, Range.SINKS, maximum);
            exponentials(tile, row, Range.WINDOW, maximum);
            VisibleLaneTiles.fillHoles(tile, row, 0f);
            float sum = sum(tile, row, Range.WINDOW, sum(tile, row, Range.SINKS, 0f));
            if (tile.form().hasSinkScores()) {
                sum += ScalarMath.exp(sinkScore - maximum);
            }
            divide(tile, row, Range.SINKS, sum);
            divide(tile, row, Range.WINDOW, sum);
        }
    }

    private static float maximum(AttentionTile tile, int row, Range range) {
        MemorySegment scores = tile.scores();
        long end = tile.scoreByteOffset(row) + 4L * VisibleLaneTiles.to(tile, range, row);
        FloatVector maxima = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (long offset = start(tile, row, range); offset < end; offset += BYTES) {
            maxima = maxima.max(load(scores, offset));
        }
        return maxima.reduceLanes(MAX);
    }

    private static void exponentials(AttentionTile tile, int row, Range range, float maximum) {
        MemorySegment scores = tile.scores();
        long end = tile.scoreByteOffset(row) + 4L * VisibleLaneTiles.to(tile, range, row);
        for (long offset = start(tile, row, range); offset < end; offset += BYTES) {
            VectorMath.exp(load(scores, offset).sub(maximum)).intoMemorySegment(scores, offset, LITTLE_ENDIAN);
        }
    }

    /** {@code sum} and the sums of the range's spans, one after the other. */
    private static float sum(AttentionTile tile, int row, Range range, float sum) {
        float total = sum;
        int end = VisibleLaneTiles.to(tile, range, row);
        int to;
        for (int from = VisibleLaneTiles.from(tile, range, row); from < end; from = to) {
            to = Math.min((from / AttentionTile.SPAN_POSITIONS + 1) * AttentionTile.SPAN_POSITIONS, end);
            total += VectorSums.sum(tile.scores(), tile.scoreByteOffset(row) + 4L * from, to - from);
        }
        return total;
    }

    private static void divide(AttentionTile tile, int row, Range range, float sum) {
        MemorySegment scores = tile.scores();
        long end = tile.scoreByteOffset(row) + 4L * VisibleLaneTiles.to(tile, range, row);
        for (long offset = start(tile, row, range); offset < end; offset += BYTES) {
            store(load(scores, offset).div(sum), scores, offset);
        }
    }

    private static long start(AttentionTile tile, int row, Range range) {
        return tile.scoreByteOffset(row) + 4L * VisibleLaneTiles.from(tile, range, row);
    }
}
