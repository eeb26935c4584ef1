package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.Lanes.SHORTS;
import static io.github.pastkv.kernels.vector.TileForm.GROUP;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvBlocks;
import io.github.pastkv.cache.KvLayout;
import io.github.pastkv.cache.ScaledBytes;
import io.github.pastkv.kernels.AttentionTile;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Scores of a tile: lanes are keys, so each score is a chain of its own over the dimensions. Four tile rows share one
 * read of a group of keys; where fewer are left the last one fills their places, and its scores are written more than
 * once.
 *
 * <p>Positions are walked in spans, all rows over one span before the next, so that its keys come from a near cache for
 * all rows but the first. Behind one staged group the tile's scratch memory holds the queries, those of four rows
 * interleaved, {@code [row / 4][dim][row % 4]}: a body then reads them with one offset.
 */
final class VectorScores {
    private VectorScores() {}

    static void scores(AttentionTile tile) {
        gatherQueries(tile);
        TileForm form = TileForm.ofKeys(tile.blocks().layout());
        for (int run = tile.firstRun(); run < AttentionTile.NUM_RUNS; run++) {
            scoreRun(tile, form, run);
        }
    }

    private static void scoreRun(AttentionTile tile, TileForm form, int run) {
        int end = tile.runTo(run, tile.numRows() - 1);
        int step = form.inPlace() ? AttentionTile.SPAN_POSITIONS : GROUP;
        int to;
        for (int from = tile.runFrom(run, 0); from < end; from = to) {
            to = Math.min((from / step + 1) * step, end);
            if (!form.inPlace()) {
                stage(tile, form, from, to);
            }
            for (int row = 0; row < tile.numRows(); row += 4) {
                int lastRow = Math.min(row + 3, tile.numRows() - 1);
                fourRows(tile, form, row, Math.max(from, tile.runFrom(run, row)),
                        Math.min(to, tile.runTo(run, lastRow)));
            }
        }
    }

    /** Sinks in the window's first group are staged with it, as their scores are written again. */
    private static void stage(AttentionTile tile, TileForm form, int from, int to) {
        int group = from / GROUP * GROUP;
        int sinksTo = Math.min(from, tile.runTo(0, tile.numRows() - 1));
        if (group < sinksTo) {
            form.stageKeys(tile, group, sinksTo);
        }
        form.stageKeys(tile, from, to);
    }

    private static void gatherQueries(AttentionTile tile) {
        int lastRow = tile.numRows() - 1;
        for (int row = 0; row <= (lastRow | 3); row++) {
            long source = tile.queryByteOffset(Math.min(row, lastRow));
            long target = fourQueriesByteOffset(tile, row) + 4L * (row % 4);
            for (int dim = 0; dim < tile.headDim(); dim++) {
                float number = DataType.F32.read(tile.queries(), source + 4L * dim);
                DataType.F32.write(tile.scratch(), target + 16L * dim, number);
            }
        }
    }

    /** Where the queries of {@code row} and its three neighbours begin in scratch memory. */
    private static long fourQueriesByteOffset(AttentionTile tile, int row) {
        return 4L * (GROUP + (row & ~3)) * tile.headDim();
    }

    /** Rows {@code [row, row + 4)}, positions {@code [from, to)} and those that share a vector with them. */
    private static void fourRows(AttentionTile tile, TileForm form, int row, int from, int to) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        for (int position = from / Lanes.COUNT * Lanes.COUNT; position < to; position += Lanes.COUNT) {
            int block = position / layout.blockSize();
            MemorySegment keys = tile.scratch();
            long group = 0;
            if (form.inPlace()) {
                int slot = position % layout.blockSize() / GROUP * GROUP;
                keys = blocks.segment(block);
                group = blocks.blockByteOffset(block) + layout.keyByteOffset(tile.layer(), tile.kvHead(), slot, 0);
            }
            switch (form) {
                case BF16_IN_PLACE -> fourRowsBf16(tile, row, keys, group, position);
                case Q8_IN_PLACE -> fourRowsQ8(tile, row, keys, group, position);
                default -> fourRowsF32(tile, row, keys, group, position);
            }
        }
    }

    private static void fourRowsF32(AttentionTile tile, int row, MemorySegment keys, long group, int position) {
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
        sum0.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row, position), LITTLE_ENDIAN);
        sum1.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 1, position), LITTLE_ENDIAN);
        sum2.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 2, position), LITTLE_ENDIAN);
        sum3.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 3, position), LITTLE_ENDIAN);
    }

    private static void fourRowsBf16(AttentionTile tile, int row, MemorySegment keys, long group, int position) {
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
        sum0.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row, position), LITTLE_ENDIAN);
        sum1.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 1, position), LITTLE_ENDIAN);
        sum2.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 2, position), LITTLE_ENDIAN);
        sum3.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 3, position), LITTLE_ENDIAN);
    }

    /** The scales of a group of keys lie behind its integers, those of 16 slots for every 32 dimensions. */
    private static void fourRowsQ8(AttentionTile tile, int row, MemorySegment keys, long group, int position) {
        MemorySegment queries = tile.scratch();
        long fourQueries = fourQueriesByteOffset(tile, row);
        long start = group + position % GROUP;
        long scales = group + (long) GROUP * tile.headDim() + 2L * (position % GROUP);
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int from = 0; from < tile.headDim(); from += ScaledBytes.GROUP_NUMBERS) {
            FloatVector keyScale = Lanes.loadBf16(keys, scales + 2L * GROUP * (from / ScaledBytes.GROUP_NUMBERS));
            int to = Math.min(from + ScaledBytes.GROUP_NUMBERS, tile.headDim());
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
        sum0.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row, position), LITTLE_ENDIAN);
        sum1.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 1, position), LITTLE_ENDIAN);
        sum2.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 2, position), LITTLE_ENDIAN);
        sum3.mul(scale).intoMemorySegment(scores, scoreByteOffset(tile, row + 3, position), LITTLE_ENDIAN);
    }

    private static long scoreByteOffset(AttentionTile tile, int row, int position) {
        return tile.scoreByteOffset(Math.min(row, tile.numRows() - 1)) + 4L * position;
    }
}
