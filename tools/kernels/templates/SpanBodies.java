package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.AllMemory.ALL;
import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.kernels.AttentionTile;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Values of four neighboring spans at a time, a lane tile of each, so that the processor waits for four places in
 * memory at once (see {@link ScoreBodies}). The sums of each span are chains of their own over its positions
 * ascending. Those of span s and tile row r lie where {@code VectorValues} has those of row {@code s * numRows + r}.
 * Not for Q8: sixteen vectors of widened bytes are more than the JIT inlines, and each would be allocated.
 */
final class SpanBodies {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;
    /** Bytes of the weights of a span. */
    private static final long SPAN_BYTES = 4L * SPAN;
    /** Dimensions of a body, four vectors. */
    private static final int WIDE = 4 * COUNT;

    private SpanBodies() {}

    /** Adds all positions of the four spans from {@code from} on to their sums, which have been cleared. */
    static void sum(AttentionTile tile, TileForm form, int from) {
        for (int position = from; position < from + SPAN; position += LANE_TILE) {
            for (int row = 0; row < tile.numRows(); row++) {
                for (int dim = 0; dim < tile.valueDim(); dim += WIDE) {
                    switch (form) {
%for T in BF16
                        case ${T}_IN_PLACE -> oneRow${T.name}(tile, row, position, dim);
%end
                        default -> oneRowF32(tile, row, position, dim);
                    }
                }
            }
        }
    }
%for T in F32 BF16

    private static void oneRow${T.name}(AttentionTile tile, int row, int position, int dim) {
%for s below 4
        long start${s} = AllMemory.values(tile, position${+ s SPAN}) + ${T.bytes}L * dim;
%end
        long weights = tile.scores().address() + tile.scoreByteOffset(row) + 4L * position;
        long sums = tile.scratch().address() + TileOffsets.sums(tile, row) + 4L * dim;
        long sumStride = 4L * tile.numRows() * tile.valueDim();
        long stride = ${T.bytes}L * tile.valueDim();
%for s below 4
%for v in a b c d
        FloatVector sum${s}${v} = fromMemorySegment(FLOATS, ALL, sums${+ s sumStride}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
        for (int i = 0; i < LANE_TILE; i++) {
            long weight = weights + 4L * i;
            long at = i * stride;
%for s below 4
            FloatVector weight${s} = broadcast(INTS, ALL.get(INT, weight${+ s SPAN_BYTES})).reinterpretAsFloats();
            %use T.fourValues|ALL|start${s} + at|value${s}|${s}
%for v in a b c d
            sum${s}${v} = value${s}${v}.fma(weight${s}, sum${s}${v});
%end
%end
        }
%for s below 4
%for v in a b c d
        sum${s}${v}.intoMemorySegment(ALL, sums${+ s sumStride}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end
}
