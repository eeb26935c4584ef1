package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvLayout;
import io.github.pastkv.kernels.AttentionTile;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Scores to pattern. All passes but the maximum run over whole groups of 16 positions: memory to the end of the last one
 * is the tile's, and exponentials past the row's end are set to zero, which adds nothing to their sum.
 */
final class VectorSoftmax {
    private VectorSoftmax() {}

    static void softmax(AttentionTile tile) {
        MemorySegment scores = tile.scores();
        for (int row = 0; row < tile.numRows(); row++) {
            long start = tile.scoreByteOffset(row);
            int numVisible = tile.numVisible(row);
            int numWhole = Math.ceilDiv(numVisible, KvLayout.GROUP_POSITIONS) * KvLayout.GROUP_POSITIONS;
            exponentials(scores, start, numWhole, maximum(scores, start, numVisible));
            for (int position = numVisible; position < numWhole; position++) {
                DataType.F32.write(scores, start + 4L * position, 0f);
            }
            divide(scores, start, numWhole, sum(scores, start, numWhole));
        }
    }

    private static float maximum(MemorySegment scores, long start, int numVisible) {
        FloatVector maxima = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int position = 0; position < FLOATS.loopBound(numVisible); position += Lanes.COUNT) {
            maxima = maxima.max(load(scores, start + 4L * position));
        }
        float maximum = maxima.reduceLanes(MAX);
        for (int position = FLOATS.loopBound(numVisible); position < numVisible; position++) {
            maximum = Math.max(maximum, DataType.F32.read(scores, start + 4L * position));
        }
        return maximum;
    }

    private static void exponentials(MemorySegment scores, long start, int numWhole, float maximum) {
        for (long offset = start; offset < start + 4L * numWhole; offset += BYTES) {
            VectorMath.exp(load(scores, offset).sub(maximum)).intoMemorySegment(scores, offset, LITTLE_ENDIAN);
        }
    }

    private static float sum(MemorySegment scores, long start, int numWhole) {
        float sum = 0f;
        for (int from = 0; from < numWhole; from += AttentionTile.SPAN_POSITIONS) {
            int count = Math.min(AttentionTile.SPAN_POSITIONS, numWhole - from);
            sum += VectorSums.sum(scores, start + 4L * from, count);
        }
        return sum;
    }

    private static void divide(MemorySegment scores, long start, int numWhole, float sum) {
        for (long offset = start; offset < start + 4L * numWhole; offset += BYTES) {
            store(load(scores, offset).div(sum), scores, offset);
        }
    }
}
