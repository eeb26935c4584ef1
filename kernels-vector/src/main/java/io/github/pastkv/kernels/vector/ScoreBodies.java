package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.AllMemory.ALL;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.Lanes.SHORTS;
import static io.github.pastkv.kernels.vector.TileForm.GROUP;
import static io.github.pastkv.kernels.vector.VectorScores.fourQueriesByteOffset;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import io.github.pastkv.cache.layout.Q8Codec;
import io.github.pastkv.kernels.AttentionTile;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * The inner loops of {@link VectorScores}: tile rows {@code [row, row + 4)} against the keys of one vector of positions, or
 * of four groups. The keys of a group lie in one piece, the next group's may lie anywhere: the processor fetches ahead
 * within a piece only, so one group after the other waits for memory at each, and four at a time wait once (12 and 19 GB/s a
 * thread on AMD Zen 5, the same loops in C). For the form of the code see {@link VectorLinear}.
 */
final class ScoreBodies {
    /** Whether four groups can be taken at a time: a group must be one vector, and there must be registers enough. */
    static final boolean HAS_FOUR_GROUPS = Lanes.COUNT == GROUP && AllMemory.IS_READABLE;

    private ScoreBodies() {}

    static void fourRowsF32(AttentionTile tile, int row, MemorySegment keys, long group, int position) {
        MemorySegment queries = tile.scratch();
        long fourQueries = fourQueriesByteOffset(tile, row);
        long start = group + 4L * (position % GROUP);
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int dim = 0; dim < tile.headDim(); dim++) {
            FloatVector key = fromMemorySegment(FLOATS, keys, start + 4L * GROUP * dim, LITTLE_ENDIAN);
            sum0 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim)).reinterpretAsFloats().fma(key, sum0);
            sum1 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 4)).reinterpretAsFloats().fma(key, sum1);
            sum2 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 8)).reinterpretAsFloats().fma(key, sum2);
            sum3 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 12)).reinterpretAsFloats().fma(key, sum3);
        }
        MemorySegment scores = tile.scores();
        float scale = tile.form().scale();
        sum0.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row, position), LITTLE_ENDIAN);
        sum1.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 1, position), LITTLE_ENDIAN);
        sum2.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 2, position), LITTLE_ENDIAN);
        sum3.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 3, position), LITTLE_ENDIAN);
    }

    static void fourRowsBf16(AttentionTile tile, int row, MemorySegment keys, long group, int position) {
        MemorySegment queries = tile.scratch();
        long fourQueries = fourQueriesByteOffset(tile, row);
        long start = group + 2L * (position % GROUP);
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int dim = 0; dim < tile.headDim(); dim++) {
            FloatVector key = ((IntVector) ShortVector
                    .fromMemorySegment(SHORTS, keys, start + 2L * GROUP * dim, LITTLE_ENDIAN)
                    .convertShape(ZERO_EXTEND_S2I, INTS, 0)).lanewise(LSHL, 16).reinterpretAsFloats();
            sum0 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim)).reinterpretAsFloats().fma(key, sum0);
            sum1 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 4)).reinterpretAsFloats().fma(key, sum1);
            sum2 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 8)).reinterpretAsFloats().fma(key, sum2);
            sum3 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 12)).reinterpretAsFloats().fma(key, sum3);
        }
        MemorySegment scores = tile.scores();
        float scale = tile.form().scale();
        sum0.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row, position), LITTLE_ENDIAN);
        sum1.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 1, position), LITTLE_ENDIAN);
        sum2.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 2, position), LITTLE_ENDIAN);
        sum3.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 3, position), LITTLE_ENDIAN);
    }

    /** The scales of a group of keys lie behind its integers, those of 16 slots for every 32 dimensions. */
    static void fourRowsQ8(AttentionTile tile, int row, MemorySegment keys, long group, int position) {
        MemorySegment queries = tile.scratch();
        long fourQueries = fourQueriesByteOffset(tile, row);
        long start = group + position % GROUP;
        long scales = group + (long) GROUP * tile.headDim() + 2L * (position % GROUP);
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int from = 0; from < tile.headDim(); from += Q8Codec.Q8_GROUP_SIZE) {
            FloatVector keyScale = Lanes.loadBf16(keys, scales + 2L * GROUP * (from / Q8Codec.Q8_GROUP_SIZE));
            int to = Math.min(from + Q8Codec.Q8_GROUP_SIZE, tile.headDim());
            for (int dim = from; dim < to; dim++) {
                FloatVector key = Lanes.loadBytes(keys, start + (long) GROUP * dim).mul(keyScale);
                sum0 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim)).reinterpretAsFloats().fma(key, sum0);
                sum1 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 4)).reinterpretAsFloats().fma(key,
                        sum1);
                sum2 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 8)).reinterpretAsFloats().fma(key,
                        sum2);
                sum3 = broadcast(INTS, queries.get(INT, fourQueries + 16L * dim + 12)).reinterpretAsFloats().fma(key,
                        sum3);
            }
        }
        MemorySegment scores = tile.scores();
        float scale = tile.form().scale();
        sum0.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row, position), LITTLE_ENDIAN);
        sum1.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 1, position), LITTLE_ENDIAN);
        sum2.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 2, position), LITTLE_ENDIAN);
        sum3.mul(scale).intoMemorySegment(scores, VectorScores.scoreByteOffset(tile, row + 3, position), LITTLE_ENDIAN);
    }

    /** The keys of four groups from {@code position} on, the first of its group. */
    static void fourGroupsF32(AttentionTile tile, int row, int position) {
        long fourQueries = tile.scratch().address() + fourQueriesByteOffset(tile, row);
        long start0 = AllMemory.keys(tile, position);
        long start1 = AllMemory.keys(tile, position + GROUP);
        long start2 = AllMemory.keys(tile, position + 2 * GROUP);
        long start3 = AllMemory.keys(tile, position + 3 * GROUP);
        long scores = tile.scores().address();
        long to0 = scores + VectorScores.scoreByteOffset(tile, row, position);
        long to1 = scores + VectorScores.scoreByteOffset(tile, row + 1, position);
        long to2 = scores + VectorScores.scoreByteOffset(tile, row + 2, position);
        long to3 = scores + VectorScores.scoreByteOffset(tile, row + 3, position);
        float factor = tile.form().scale();
        FloatVector sum0a = zero(FLOATS);
        FloatVector sum1a = zero(FLOATS);
        FloatVector sum2a = zero(FLOATS);
        FloatVector sum3a = zero(FLOATS);
        FloatVector sum0b = zero(FLOATS);
        FloatVector sum1b = zero(FLOATS);
        FloatVector sum2b = zero(FLOATS);
        FloatVector sum3b = zero(FLOATS);
        FloatVector sum0c = zero(FLOATS);
        FloatVector sum1c = zero(FLOATS);
        FloatVector sum2c = zero(FLOATS);
        FloatVector sum3c = zero(FLOATS);
        FloatVector sum0d = zero(FLOATS);
        FloatVector sum1d = zero(FLOATS);
        FloatVector sum2d = zero(FLOATS);
        FloatVector sum3d = zero(FLOATS);
        for (int dim = 0; dim < tile.headDim(); dim++) {
            FloatVector a = fromMemorySegment(FLOATS, ALL, start0 + 4L * GROUP * dim, LITTLE_ENDIAN);
            FloatVector b = fromMemorySegment(FLOATS, ALL, start1 + 4L * GROUP * dim, LITTLE_ENDIAN);
            FloatVector c = fromMemorySegment(FLOATS, ALL, start2 + 4L * GROUP * dim, LITTLE_ENDIAN);
            FloatVector d = fromMemorySegment(FLOATS, ALL, start3 + 4L * GROUP * dim, LITTLE_ENDIAN);
            FloatVector query0 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim)).reinterpretAsFloats();
            sum0a = query0.fma(a, sum0a);
            sum0b = query0.fma(b, sum0b);
            sum0c = query0.fma(c, sum0c);
            sum0d = query0.fma(d, sum0d);
            FloatVector query1 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 4)).reinterpretAsFloats();
            sum1a = query1.fma(a, sum1a);
            sum1b = query1.fma(b, sum1b);
            sum1c = query1.fma(c, sum1c);
            sum1d = query1.fma(d, sum1d);
            FloatVector query2 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 8)).reinterpretAsFloats();
            sum2a = query2.fma(a, sum2a);
            sum2b = query2.fma(b, sum2b);
            sum2c = query2.fma(c, sum2c);
            sum2d = query2.fma(d, sum2d);
            FloatVector query3 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 12)).reinterpretAsFloats();
            sum3a = query3.fma(a, sum3a);
            sum3b = query3.fma(b, sum3b);
            sum3c = query3.fma(c, sum3c);
            sum3d = query3.fma(d, sum3d);
        }
        sum0a.mul(factor).intoMemorySegment(ALL, to0, LITTLE_ENDIAN);
        sum0b.mul(factor).intoMemorySegment(ALL, to0 + 4L * GROUP, LITTLE_ENDIAN);
        sum0c.mul(factor).intoMemorySegment(ALL, to0 + 8L * GROUP, LITTLE_ENDIAN);
        sum0d.mul(factor).intoMemorySegment(ALL, to0 + 12L * GROUP, LITTLE_ENDIAN);
        sum1a.mul(factor).intoMemorySegment(ALL, to1, LITTLE_ENDIAN);
        sum1b.mul(factor).intoMemorySegment(ALL, to1 + 4L * GROUP, LITTLE_ENDIAN);
        sum1c.mul(factor).intoMemorySegment(ALL, to1 + 8L * GROUP, LITTLE_ENDIAN);
        sum1d.mul(factor).intoMemorySegment(ALL, to1 + 12L * GROUP, LITTLE_ENDIAN);
        sum2a.mul(factor).intoMemorySegment(ALL, to2, LITTLE_ENDIAN);
        sum2b.mul(factor).intoMemorySegment(ALL, to2 + 4L * GROUP, LITTLE_ENDIAN);
        sum2c.mul(factor).intoMemorySegment(ALL, to2 + 8L * GROUP, LITTLE_ENDIAN);
        sum2d.mul(factor).intoMemorySegment(ALL, to2 + 12L * GROUP, LITTLE_ENDIAN);
        sum3a.mul(factor).intoMemorySegment(ALL, to3, LITTLE_ENDIAN);
        sum3b.mul(factor).intoMemorySegment(ALL, to3 + 4L * GROUP, LITTLE_ENDIAN);
        sum3c.mul(factor).intoMemorySegment(ALL, to3 + 8L * GROUP, LITTLE_ENDIAN);
        sum3d.mul(factor).intoMemorySegment(ALL, to3 + 12L * GROUP, LITTLE_ENDIAN);
    }

    static void fourGroupsBf16(AttentionTile tile, int row, int position) {
        long fourQueries = tile.scratch().address() + fourQueriesByteOffset(tile, row);
        long start0 = AllMemory.keys(tile, position);
        long start1 = AllMemory.keys(tile, position + GROUP);
        long start2 = AllMemory.keys(tile, position + 2 * GROUP);
        long start3 = AllMemory.keys(tile, position + 3 * GROUP);
        long scores = tile.scores().address();
        long to0 = scores + VectorScores.scoreByteOffset(tile, row, position);
        long to1 = scores + VectorScores.scoreByteOffset(tile, row + 1, position);
        long to2 = scores + VectorScores.scoreByteOffset(tile, row + 2, position);
        long to3 = scores + VectorScores.scoreByteOffset(tile, row + 3, position);
        float factor = tile.form().scale();
        FloatVector sum0a = zero(FLOATS);
        FloatVector sum1a = zero(FLOATS);
        FloatVector sum2a = zero(FLOATS);
        FloatVector sum3a = zero(FLOATS);
        FloatVector sum0b = zero(FLOATS);
        FloatVector sum1b = zero(FLOATS);
        FloatVector sum2b = zero(FLOATS);
        FloatVector sum3b = zero(FLOATS);
        FloatVector sum0c = zero(FLOATS);
        FloatVector sum1c = zero(FLOATS);
        FloatVector sum2c = zero(FLOATS);
        FloatVector sum3c = zero(FLOATS);
        FloatVector sum0d = zero(FLOATS);
        FloatVector sum1d = zero(FLOATS);
        FloatVector sum2d = zero(FLOATS);
        FloatVector sum3d = zero(FLOATS);
        for (int dim = 0; dim < tile.headDim(); dim++) {
            FloatVector a = Lanes.loadBf16(ALL, start0 + 2L * GROUP * dim);
            FloatVector b = Lanes.loadBf16(ALL, start1 + 2L * GROUP * dim);
            FloatVector c = Lanes.loadBf16(ALL, start2 + 2L * GROUP * dim);
            FloatVector d = Lanes.loadBf16(ALL, start3 + 2L * GROUP * dim);
            FloatVector query0 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim)).reinterpretAsFloats();
            sum0a = query0.fma(a, sum0a);
            sum0b = query0.fma(b, sum0b);
            sum0c = query0.fma(c, sum0c);
            sum0d = query0.fma(d, sum0d);
            FloatVector query1 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 4)).reinterpretAsFloats();
            sum1a = query1.fma(a, sum1a);
            sum1b = query1.fma(b, sum1b);
            sum1c = query1.fma(c, sum1c);
            sum1d = query1.fma(d, sum1d);
            FloatVector query2 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 8)).reinterpretAsFloats();
            sum2a = query2.fma(a, sum2a);
            sum2b = query2.fma(b, sum2b);
            sum2c = query2.fma(c, sum2c);
            sum2d = query2.fma(d, sum2d);
            FloatVector query3 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 12)).reinterpretAsFloats();
            sum3a = query3.fma(a, sum3a);
            sum3b = query3.fma(b, sum3b);
            sum3c = query3.fma(c, sum3c);
            sum3d = query3.fma(d, sum3d);
        }
        sum0a.mul(factor).intoMemorySegment(ALL, to0, LITTLE_ENDIAN);
        sum0b.mul(factor).intoMemorySegment(ALL, to0 + 4L * GROUP, LITTLE_ENDIAN);
        sum0c.mul(factor).intoMemorySegment(ALL, to0 + 8L * GROUP, LITTLE_ENDIAN);
        sum0d.mul(factor).intoMemorySegment(ALL, to0 + 12L * GROUP, LITTLE_ENDIAN);
        sum1a.mul(factor).intoMemorySegment(ALL, to1, LITTLE_ENDIAN);
        sum1b.mul(factor).intoMemorySegment(ALL, to1 + 4L * GROUP, LITTLE_ENDIAN);
        sum1c.mul(factor).intoMemorySegment(ALL, to1 + 8L * GROUP, LITTLE_ENDIAN);
        sum1d.mul(factor).intoMemorySegment(ALL, to1 + 12L * GROUP, LITTLE_ENDIAN);
        sum2a.mul(factor).intoMemorySegment(ALL, to2, LITTLE_ENDIAN);
        sum2b.mul(factor).intoMemorySegment(ALL, to2 + 4L * GROUP, LITTLE_ENDIAN);
        sum2c.mul(factor).intoMemorySegment(ALL, to2 + 8L * GROUP, LITTLE_ENDIAN);
        sum2d.mul(factor).intoMemorySegment(ALL, to2 + 12L * GROUP, LITTLE_ENDIAN);
        sum3a.mul(factor).intoMemorySegment(ALL, to3, LITTLE_ENDIAN);
        sum3b.mul(factor).intoMemorySegment(ALL, to3 + 4L * GROUP, LITTLE_ENDIAN);
        sum3c.mul(factor).intoMemorySegment(ALL, to3 + 8L * GROUP, LITTLE_ENDIAN);
        sum3d.mul(factor).intoMemorySegment(ALL, to3 + 12L * GROUP, LITTLE_ENDIAN);
    }

    /** The same; each key is multiplied by the scale of its position. */
    static void fourGroupsQ8(AttentionTile tile, int row, int position) {
        long fourQueries = tile.scratch().address() + fourQueriesByteOffset(tile, row);
        long start0 = AllMemory.keys(tile, position);
        long start1 = AllMemory.keys(tile, position + GROUP);
        long start2 = AllMemory.keys(tile, position + 2 * GROUP);
        long start3 = AllMemory.keys(tile, position + 3 * GROUP);
        long scores = tile.scores().address();
        long to0 = scores + VectorScores.scoreByteOffset(tile, row, position);
        long to1 = scores + VectorScores.scoreByteOffset(tile, row + 1, position);
        long to2 = scores + VectorScores.scoreByteOffset(tile, row + 2, position);
        long to3 = scores + VectorScores.scoreByteOffset(tile, row + 3, position);
        float factor = tile.form().scale();
        FloatVector sum0a = zero(FLOATS);
        FloatVector sum1a = zero(FLOATS);
        FloatVector sum2a = zero(FLOATS);
        FloatVector sum3a = zero(FLOATS);
        FloatVector sum0b = zero(FLOATS);
        FloatVector sum1b = zero(FLOATS);
        FloatVector sum2b = zero(FLOATS);
        FloatVector sum3b = zero(FLOATS);
        FloatVector sum0c = zero(FLOATS);
        FloatVector sum1c = zero(FLOATS);
        FloatVector sum2c = zero(FLOATS);
        FloatVector sum3c = zero(FLOATS);
        FloatVector sum0d = zero(FLOATS);
        FloatVector sum1d = zero(FLOATS);
        FloatVector sum2d = zero(FLOATS);
        FloatVector sum3d = zero(FLOATS);
        long scales = (long) GROUP * tile.headDim();
        for (int from = 0; from < tile.headDim(); from += Q8Codec.Q8_GROUP_SIZE) {
            long scale = scales + 2L * GROUP * (from / Q8Codec.Q8_GROUP_SIZE);
            FloatVector scale0 = Lanes.loadBf16(ALL, start0 + scale);
            FloatVector scale1 = Lanes.loadBf16(ALL, start1 + scale);
            FloatVector scale2 = Lanes.loadBf16(ALL, start2 + scale);
            FloatVector scale3 = Lanes.loadBf16(ALL, start3 + scale);
            int to = Math.min(from + Q8Codec.Q8_GROUP_SIZE, tile.headDim());
            for (int dim = from; dim < to; dim++) {
                FloatVector a = Lanes.loadBytes(ALL, start0 + (long) GROUP * dim).mul(scale0);
                FloatVector b = Lanes.loadBytes(ALL, start1 + (long) GROUP * dim).mul(scale1);
                FloatVector c = Lanes.loadBytes(ALL, start2 + (long) GROUP * dim).mul(scale2);
                FloatVector d = Lanes.loadBytes(ALL, start3 + (long) GROUP * dim).mul(scale3);
                FloatVector query0 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim)).reinterpretAsFloats();
                sum0a = query0.fma(a, sum0a);
                sum0b = query0.fma(b, sum0b);
                sum0c = query0.fma(c, sum0c);
                sum0d = query0.fma(d, sum0d);
                FloatVector query1 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 4)).reinterpretAsFloats();
                sum1a = query1.fma(a, sum1a);
                sum1b = query1.fma(b, sum1b);
                sum1c = query1.fma(c, sum1c);
                sum1d = query1.fma(d, sum1d);
                FloatVector query2 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 8)).reinterpretAsFloats();
                sum2a = query2.fma(a, sum2a);
                sum2b = query2.fma(b, sum2b);
                sum2c = query2.fma(c, sum2c);
                sum2d = query2.fma(d, sum2d);
                FloatVector query3 = broadcast(INTS, ALL.get(INT, fourQueries + 16L * dim + 12)).reinterpretAsFloats();
                sum3a = query3.fma(a, sum3a);
                sum3b = query3.fma(b, sum3b);
                sum3c = query3.fma(c, sum3c);
                sum3d = query3.fma(d, sum3d);
            }
        }
        sum0a.mul(factor).intoMemorySegment(ALL, to0, LITTLE_ENDIAN);
        sum0b.mul(factor).intoMemorySegment(ALL, to0 + 4L * GROUP, LITTLE_ENDIAN);
        sum0c.mul(factor).intoMemorySegment(ALL, to0 + 8L * GROUP, LITTLE_ENDIAN);
        sum0d.mul(factor).intoMemorySegment(ALL, to0 + 12L * GROUP, LITTLE_ENDIAN);
        sum1a.mul(factor).intoMemorySegment(ALL, to1, LITTLE_ENDIAN);
        sum1b.mul(factor).intoMemorySegment(ALL, to1 + 4L * GROUP, LITTLE_ENDIAN);
        sum1c.mul(factor).intoMemorySegment(ALL, to1 + 8L * GROUP, LITTLE_ENDIAN);
        sum1d.mul(factor).intoMemorySegment(ALL, to1 + 12L * GROUP, LITTLE_ENDIAN);
        sum2a.mul(factor).intoMemorySegment(ALL, to2, LITTLE_ENDIAN);
        sum2b.mul(factor).intoMemorySegment(ALL, to2 + 4L * GROUP, LITTLE_ENDIAN);
        sum2c.mul(factor).intoMemorySegment(ALL, to2 + 8L * GROUP, LITTLE_ENDIAN);
        sum2d.mul(factor).intoMemorySegment(ALL, to2 + 12L * GROUP, LITTLE_ENDIAN);
        sum3a.mul(factor).intoMemorySegment(ALL, to3, LITTLE_ENDIAN);
        sum3b.mul(factor).intoMemorySegment(ALL, to3 + 4L * GROUP, LITTLE_ENDIAN);
        sum3c.mul(factor).intoMemorySegment(ALL, to3 + 8L * GROUP, LITTLE_ENDIAN);
        sum3d.mul(factor).intoMemorySegment(ALL, to3 + 12L * GROUP, LITTLE_ENDIAN);
    }
}
