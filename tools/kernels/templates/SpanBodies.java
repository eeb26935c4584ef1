package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.AllMemory.ALL;
import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.Lanes.LONG;
import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.Q8Codec;
import io.github.pastkv.kernels.AttentionTile;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Values of the whole lane tiles of a span, for four tile rows at a time: sums stay in registers over all of them, and
 * a value is loaded once for four rows. The addresses of the lane tiles have been listed before ({@code AllMemory}), as
 * a call within the loop would move the sums to memory. A single row has a body of its own; of two and three the last
 * fills the places of those that are missing, as a body for three rows was compiled to half the speed. For the form of
 * the code see {@link LinearBodies}.
 */
final class SpanBodies {
    /** Dimensions of a body. */
    private static final int WIDE = ValueBodies.WIDE;

    private SpanBodies() {}

    /**
     * Adds lane tiles, all of whose positions all rows attend to, to the sums in scratch memory.
     *
     * @param starts address of the addresses of the lane tiles
     * @param from first position
     */
    static void sum(AttentionTile tile, TileForm form, long starts, int numLaneTiles, int from) {
        for (int row = 0; row < tile.numRows(); row += 4) {
            for (int dim = 0; dim < tile.valueDim(); dim += WIDE) {
                switch (form) {
%for T in BF16 Q8
                    case ${T}_IN_PLACE -> rows${T.name}(tile, row, starts, numLaneTiles, from, dim);
%end
                    default -> rowsF32(tile, row, starts, numLaneTiles, from, dim);
                }
            }
        }
    }
%for T in F32 BF16 Q8

    private static void rows${T.name}(AttentionTile tile, int row, long starts, int numLaneTiles, int from, int dim) {
        if (ValueBodies.VECTORS == 2) {
            switch (tile.numRows() - row) {
                case 1 -> oneRowTwoVectors${T.name}(tile, row, starts, numLaneTiles, from, dim);
                default -> fourRowsTwoVectors${T.name}(tile, row, starts, numLaneTiles, from, dim);
            }
        } else {
            switch (tile.numRows() - row) {
                case 1 -> oneRowFourVectors${T.name}(tile, row, starts, numLaneTiles, from, dim);
                default -> fourRowsFourVectors${T.name}(tile, row, starts, numLaneTiles, from, dim);
            }
        }
    }
%for w in Four Two
%for n in 1 4

    private static void ${n.rows}${w}Vectors${T.name}(AttentionTile tile, int row, long starts, int numLaneTiles,
            int from, int dim) {
        long patterns = tile.scores().address() + 4L * from;
        long scratch = tile.scratch().address() + 4L * dim;
        int lastRow = tile.numRows() - 1;
%for r below n
        int row${r} = Math.min(row${+ r 1}, lastRow);
        long sums${r} = scratch + TileOffsets.sums(tile, row${r});
        long weights${r} = patterns + tile.scoreByteOffset(row${r});
%end
        long stride = ${T.bytes}L * tile.valueDim();
        long first = ${T.bytes}L * dim;
%if T.scaled
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.${T}.numScales(tile.valueDim());
        long scalesAb = LANE_TILE * stride + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
%if w.wide
        long scalesCd = LANE_TILE * stride
                + (long) Q8Codec.SCALE_BYTES * ((dim + 2 * COUNT) / Q8Codec.Q8_GROUP_SIZE);
%end
%end
%for r below n
%for v in w.vectors
        FloatVector sum${r}${v} = fromMemorySegment(FLOATS, ALL, sums${r}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
        for (int laneTile = 0; laneTile < numLaneTiles; laneTile++) {
            long start = ALL.get(LONG, starts + 8L * laneTile);
            for (int i = 0; i < LANE_TILE; i++) {
                long at = start + first + i * stride;
%if T.scaled
                FloatVector scaleAb = Lanes.broadcastBf16(ALL, start + scalesAb + i * scaleStride);
%if w.wide
                FloatVector scaleCd = Lanes.broadcastBf16(ALL, start + scalesCd + i * scaleStride);
%end
%end
%if w.wide
                %use T.fourValues|ALL|at||
%else
                %use T.twoValues|ALL|at|
%end
                long position = 4L * (laneTile * LANE_TILE + i);
%for r below n
                FloatVector weight${r} =
                        broadcast(INTS, ALL.get(INT, weights${r} + position)).reinterpretAsFloats();
%for v in w.vectors
                sum${r}${v} = ${v}.fma(weight${r}, sum${r}${v});
%end
%end
            }
        }
%for r below n
%for v in w.vectors
        sum${r}${v}.intoMemorySegment(ALL, sums${r}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end
%end
%end
}
