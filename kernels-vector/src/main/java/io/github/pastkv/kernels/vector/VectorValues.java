package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;
import static io.github.pastkv.kernels.vector.TileForm.GROUP;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.Q8Codec;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Weighted sums of values: lanes are dimensions. A span's sums lie in the tile's scratch memory, a row of headDim floats
 * for each tile row behind one staged group, and go through registers for a group of positions at a time; so rows that
 * see different numbers of positions need no weights of zero (0 * NaN would be NaN).
 *
 * <p>Dimensions go four vectors at a time, then one, then singly ({@link ValueBodies}). Where fewer than four rows are
 * left the last one fills their places: the same sums are written more than once.
 */
final class VectorValues {
    /** Dimensions of the widest body. */
    private static final int WIDE = 4 * Lanes.COUNT;

    private VectorValues() {}

    static void weightedValues(AttentionTile tile) {
        TileForm form = TileForm.ofValues(tile.blocks().layout());
        int lastRow = tile.numRows() - 1;
        int from = spanOf(seesSinks(tile, lastRow) ? tile.from(Range.SINKS, 0) : tile.firstVisible(0));
        while (from < tile.numVisible(lastRow)) {
            if (SpanBodies.fit(tile, form, from)) {
                sumFourSpans(tile, form, from);
                from += SpanBodies.SPANS * AttentionTile.SPAN_POSITIONS;
                continue;
            }
            clearSums(tile, 1);
            sumRange(tile, form, Range.SINKS, from);
            sumRange(tile, form, Range.WINDOW, from);
            for (int row = 0; row < tile.numRows(); row++) {
                if (tile.seesAny(row, from, from + AttentionTile.SPAN_POSITIONS)) {
                    addSpan(tile, form, row, row, from);
                }
            }
            from += AttentionTile.SPAN_POSITIONS;
            if (from >= tile.to(Range.SINKS, lastRow)) {
                from = Math.max(from, spanOf(tile.firstVisible(0)));
            }
        }
    }

    private static boolean seesSinks(AttentionTile tile, int row) {
        return tile.from(Range.SINKS, row) < tile.to(Range.SINKS, row);
    }

    /** Start of the span that a position is in. */
    private static int spanOf(int position) {
        return position / AttentionTile.SPAN_POSITIONS * AttentionTile.SPAN_POSITIONS;
    }

    /** Where the sums of a tile row lie in scratch memory, behind one staged group. */
    static long sumByteOffset(AttentionTile tile, int row) {
        return 4L * (GROUP + row) * tile.headDim();
    }

    /** All rows of four spans, each of which all rows see to its end. */
    private static void sumFourSpans(AttentionTile tile, TileForm form, int from) {
        clearSums(tile, SpanBodies.SPANS);
        SpanBodies.sum(tile, form, from);
        for (int span = 0; span < SpanBodies.SPANS; span++) {
            for (int row = 0; row < tile.numRows(); row++) {
                addSpan(tile, form, row, span * tile.numRows() + row, from + span * AttentionTile.SPAN_POSITIONS);
            }
        }
    }

    private static void clearSums(AttentionTile tile, int numSpans) {
        long start = sumByteOffset(tile, 0);
        for (int i = 0; i < numSpans * tile.numRows() * tile.headDim(); i++) {
            DataType.F32.write(tile.scratch(), start + 4L * i, 0f);
        }
    }

    /** What the rows see of a span in one range. */
    private static void sumRange(AttentionTile tile, TileForm form, Range range, int spanFrom) {
        int end = Math.min(spanFrom + AttentionTile.SPAN_POSITIONS, tile.to(range, tile.numRows() - 1));
        int step = form.inPlace() ? AttentionTile.SPAN_POSITIONS : GROUP;
        int to;
        for (int from = Math.max(spanFrom, tile.from(range, 0)); from < end; from = to) {
            to = Math.min((from / step + 1) * step, end);
            if (!form.inPlace()) {
                form.stageValues(tile, from, to);
            }
            for (int row = 0; row < tile.numRows(); row += 4) {
                for (int group = from / GROUP * GROUP; group < to; group += GROUP) {
                    sumGroup(tile, form, range, row, group);
                }
            }
        }
    }

    /**
     * Rows {@code [row, row + 4)}, a group of one range: for each row what it sees before the positions that all of them
     * see, then those, then what else it sees.
     */
    private static void sumGroup(AttentionTile tile, TileForm form, Range range, int row, int group) {
        int lastRow = Math.min(row + 3, tile.numRows() - 1);
        int to = Math.min(group + GROUP, tile.to(range, lastRow));
        int sharedFrom = Math.clamp(tile.from(range, lastRow), group, group + GROUP);
        int sharedTo = Math.clamp(tile.to(range, row), sharedFrom, group + GROUP);
        if (tile.from(range, row) < sharedFrom) {
            for (int single = row; single <= lastRow; single++) {
                sumPositions(tile, form, single, single, Math.max(group, tile.from(range, single)),
                        Math.min(tile.to(range, single), sharedFrom));
            }
        }
        sumPositions(tile, form, row, lastRow, sharedFrom, sharedTo);
        for (int single = row; single <= lastRow && sharedTo < to; single++) {
            sumPositions(tile, form, single, single, Math.max(sharedTo, tile.from(range, single)),
                    Math.min(tile.to(range, single), to));
        }
    }

    /** Positions {@code [from, to)} of one group; all rows see them. */
    private static void sumPositions(AttentionTile tile, TileForm form, int row, int lastRow, int from, int to) {
        if (from >= to) {
            return;
        }
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        MemorySegment values = tile.scratch();
        long start = 4L * (from % GROUP) * tile.headDim();
        if (form.inPlace()) {
            int block = from / layout.blockSize();
            values = blocks.segment(block);
            start = blocks.blockByteOffset(block)
                    + layout.valueByteOffset(tile.layer(), tile.kvHead(), from % layout.blockSize(), 0);
        }
        switch (form) {
            case BF16_IN_PLACE -> sumBf16(tile, row, lastRow, values, start, from, to);
            case Q8_IN_PLACE -> sumQ8(tile, row, lastRow, values, start, from, to);
            default -> sumF32(tile, row, lastRow, values, start, from, to);
        }
    }

    private static void sumF32(AttentionTile tile, int row, int lastRow, MemorySegment values, long start, int from,
            int to) {
        int dim = 0;
        for (; dim + WIDE <= tile.headDim(); dim += WIDE) {
            ValueBodies.fourVectorsF32(tile, row, lastRow, values, start + 4L * dim, from, to, dim);
        }
        for (; dim + Lanes.COUNT <= tile.headDim(); dim += Lanes.COUNT) {
            ValueBodies.oneVectorF32(tile, row, lastRow, values, start + 4L * dim, from, to, dim);
        }
        for (; dim < tile.headDim(); dim++) {
            ValueBodies.single(tile, row, lastRow, DataType.F32, values, start + 4L * dim, from, to, dim);
        }
    }

    private static void sumBf16(AttentionTile tile, int row, int lastRow, MemorySegment values, long start, int from,
            int to) {
        int dim = 0;
        for (; dim + WIDE <= tile.headDim(); dim += WIDE) {
            ValueBodies.fourVectorsBf16(tile, row, lastRow, values, start + 2L * dim, from, to, dim);
        }
        for (; dim + Lanes.COUNT <= tile.headDim(); dim += Lanes.COUNT) {
            ValueBodies.oneVectorBf16(tile, row, lastRow, values, start + 2L * dim, from, to, dim);
        }
        for (; dim < tile.headDim(); dim++) {
            ValueBodies.single(tile, row, lastRow, DataType.BF16, values, start + 2L * dim, from, to, dim);
        }
    }

    /** The scales lie behind the integers of the group's 16 slots, one slot's after the other's. */
    private static void sumQ8(AttentionTile tile, int row, int lastRow, MemorySegment values, long start, int from,
            int to) {
        int slot = from % GROUP;
        long scales = start + (long) (GROUP - slot) * tile.headDim()
                + (long) slot * KvType.Q8.numScales(tile.headDim()) * Q8Codec.SCALE_BYTES;
        int dim = 0;
        for (; dim + WIDE <= tile.headDim(); dim += WIDE) {
            ValueBodies.fourVectorsQ8(tile, row, lastRow, values, start, scales, from, to, dim);
        }
        for (; dim + Lanes.COUNT <= tile.headDim(); dim += Lanes.COUNT) {
            ValueBodies.oneVectorQ8(tile, row, lastRow, values, start, scales, from, to, dim);
        }
        for (; dim < tile.headDim(); dim++) {
            ValueBodies.singleQ8(tile, row, lastRow, values, start, scales, from, to, dim);
        }
    }

    /** Adds a span's sums, those of {@code sumRow} in scratch memory, to where they go. */
    private static void addSpan(AttentionTile tile, TileForm form, int row, int sumRow, int spanFrom) {
        long sums = sumByteOffset(tile, sumRow);
        long out = tile.outByteOffset(row);
        if (form == TileForm.BF16_IN_PLACE) {
            zipToMemoryOrder(tile, sums);
        }
        if (tile.startsOut(row, spanFrom)) {
            startOut(tile, tile.outOf(spanFrom), sums, out);
        } else {
            addToOut(tile, tile.outOf(spanFrom), sums, out);
        }
    }

    // Two methods, for the first is rare: the JIT does not inline in a rare branch, and would allocate its vectors.

    /** The first sums there are added to zero. */
    private static void startOut(AttentionTile tile, MemorySegment target, long sums, long out) {
        int dim = 0;
        for (; dim + Lanes.COUNT <= tile.headDim(); dim += Lanes.COUNT) {
            store(load(tile.scratch(), sums + 4L * dim).add(Lanes.zero()), target, out + 4L * dim);
        }
        for (; dim < tile.headDim(); dim++) {
            DataType.F32.write(target, out + 4L * dim, 0f + DataType.F32.read(tile.scratch(), sums + 4L * dim));
        }
    }

    private static void addToOut(AttentionTile tile, MemorySegment target, long sums, long out) {
        int dim = 0;
        for (; dim + Lanes.COUNT <= tile.headDim(); dim += Lanes.COUNT) {
            store(load(target, out + 4L * dim).add(load(tile.scratch(), sums + 4L * dim)), target, out + 4L * dim);
        }
        for (; dim < tile.headDim(); dim++) {
            float before = DataType.F32.read(target, out + 4L * dim);
            DataType.F32.write(target, out + 4L * dim, before + DataType.F32.read(tile.scratch(), sums + 4L * dim));
        }
    }

    /** The wide BF16 body keeps even and odd dimensions apart; this brings them together again. */
    private static void zipToMemoryOrder(AttentionTile tile, long sums) {
        for (int dim = 0; dim + WIDE <= tile.headDim(); dim += WIDE) {
            for (long offset = sums + 4L * dim; offset < sums + 4L * (dim + WIDE); offset += 2 * BYTES) {
                FloatVector evens = load(tile.scratch(), offset);
                FloatVector odds = load(tile.scratch(), offset + BYTES);
                store(Lanes.zipLow(evens, odds), tile.scratch(), offset);
                store(Lanes.zipHigh(evens, odds), tile.scratch(), offset + BYTES);
            }
        }
    }
}
