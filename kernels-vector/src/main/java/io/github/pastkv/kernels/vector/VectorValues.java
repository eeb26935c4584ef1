package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;
import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Weighted sums of values: lanes are dimensions. A span's sums lie in the tile's scratch memory, a row of valueDim
 * floats for each tile row behind one staged lane tile. They go through registers for all lane tiles of a span that all
 * rows see to their end ({@link SpanBodies}), and for one lane tile at a time elsewhere ({@link ValueBodies}); so rows
 * that see different numbers of positions need no weights of zero (0 * NaN would be NaN).
 *
 * <p>Dimensions go four vectors at a time, or two at 256 bits, then one, then singly. Where fewer than four rows are
 * left the last one fills their places: the same sums are written more than once.
 */
final class VectorValues {
    /** Dimensions of the widest bodies. */
    private static final int WIDE = ValueBodies.WIDE;
    /** Whether there are as many registers as {@link SpanBodies} need, which vectors of 256 and 512 bits imply. */
    private static final boolean HAS_SPAN_BODIES = 2 * Lanes.COUNT >= LANE_TILE && AllMemory.IS_READABLE;

    private static final int SPAN = AttentionTile.SPAN_POSITIONS;

    private VectorValues() {}

    static void weightedValues(AttentionTile tile) {
        TileForm form = TileForm.ofValues(tile.blocks().layout());
        int lastRow = tile.numRows() - 1;
        int from = spanOf(seesSinks(tile, lastRow) ? tile.from(Range.SINKS, 0) : tile.firstVisible(0));
        while (from < tile.numVisible(lastRow)) {
            clearSums(tile);
            sumRange(tile, form, Range.SINKS, from);
            sumRange(tile, form, Range.WINDOW, from);
            for (int row = 0; row < tile.numRows(); row++) {
                if (tile.seesAny(row, from, from + SPAN)) {
                    addSpan(tile, form, row, from);
                }
            }
            from += SPAN;
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
        return position / SPAN * SPAN;
    }

    private static void clearSums(AttentionTile tile) {
        long start = TileOffsets.sums(tile, 0);
        for (int i = 0; i < tile.numRows() * tile.valueDim(); i++) {
            DataType.F32.write(tile.scratch(), start + 4L * i, 0f);
        }
    }

    /** What the rows see of a span in one range: what not all of them see, then whole lane tiles, then the rest. */
    private static void sumRange(AttentionTile tile, TileForm form, Range range, int spanFrom) {
        int from = Math.max(spanFrom, tile.from(range, 0));
        int to = Math.min(spanFrom + SPAN, tile.to(range, tile.numRows() - 1));
        int wholeFrom = Math.ceilDiv(Math.max(from, tile.from(range, tile.numRows() - 1)), LANE_TILE) * LANE_TILE;
        int wholeTo = Math.min(to, tile.to(range, 0)) / LANE_TILE * LANE_TILE;
        int numWhole = (wholeTo - wholeFrom) / LANE_TILE;
        if (numWhole > 0 && hasSpanBody(tile, form) && AllMemory.listValues(tile, wholeFrom, numWhole)) {
            sumLaneTiles(tile, form, range, from, wholeFrom);
            AllMemory.touch(tile.scratch(), numWhole, LANE_TILE * form.bytesPerValue(tile.valueDim()));
            SpanBodies.sum(tile, form, tile.scratch().address(), numWhole, wholeFrom);
            sumLaneTiles(tile, form, range, wholeTo, to);
        } else {
            sumLaneTiles(tile, form, range, from, to);
        }
    }

    private static boolean hasSpanBody(AttentionTile tile, TileForm form) {
        return HAS_SPAN_BODIES && form.inPlace() && tile.valueDim() % WIDE == 0;
    }

    /** Positions {@code [start, end)} of a span, a lane tile of four rows at a time. */
    private static void sumLaneTiles(AttentionTile tile, TileForm form, Range range, int start, int end) {
        int step = form.inPlace() ? SPAN : LANE_TILE;
        int to;
        for (int from = start; from < end; from = to) {
            to = Math.min((from / step + 1) * step, end);
            if (!form.inPlace()) {
                form.stageValues(tile, from, to);
            }
            for (int row = 0; row < tile.numRows(); row += 4) {
                for (int laneTile = from / LANE_TILE * LANE_TILE; laneTile < to; laneTile += LANE_TILE) {
                    sumLaneTile(tile, form, range, row, laneTile);
                }
            }
        }
    }

    /**
     * Rows {@code [row, row + 4)}, a lane tile of one range: for each row what it sees before the positions that all
     * of them see, then those, then what else it sees.
     */
    private static void sumLaneTile(AttentionTile tile, TileForm form, Range range, int row, int laneTile) {
        int lastRow = Math.min(row + 3, tile.numRows() - 1);
        int to = Math.min(laneTile + LANE_TILE, tile.to(range, lastRow));
        int sharedFrom = Math.clamp(tile.from(range, lastRow), laneTile, laneTile + LANE_TILE);
        int sharedTo = Math.clamp(tile.to(range, row), sharedFrom, laneTile + LANE_TILE);
        if (tile.from(range, row) < sharedFrom) {
            for (int single = row; single <= lastRow; single++) {
                sumPositions(tile, form, single, single, Math.max(laneTile, tile.from(range, single)),
                        Math.min(tile.to(range, single), sharedFrom));
            }
        }
        sumPositions(tile, form, row, lastRow, sharedFrom, sharedTo);
        for (int single = row; single <= lastRow && sharedTo < to; single++) {
            sumPositions(tile, form, single, single, Math.max(sharedTo, tile.from(range, single)),
                    Math.min(tile.to(range, single), to));
        }
    }

    /** Positions {@code [from, to)} of one lane tile; all rows see them. */
    private static void sumPositions(AttentionTile tile, TileForm form, int row, int lastRow, int from, int to) {
        if (from >= to) {
            return;
        }
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        MemorySegment values = tile.scratch();
        long start = 4L * (from % LANE_TILE) * tile.valueDim();
        if (form.inPlace()) {
            int block = from / layout.blockSize();
            values = blocks.segment(block);
            start = blocks.blockByteOffset(block)
                    + layout.valueByteOffset(tile.layer(), tile.kvHead(), from % layout.blockSize(), 0);
        }
        ValueBodies.sum(tile, form, row, lastRow, values, start, from, to);
    }

    /** Adds a row's sums of a span to where they go. */
    private static void addSpan(AttentionTile tile, TileForm form, int row, int spanFrom) {
        long sums = TileOffsets.sums(tile, row);
        long out = tile.outByteOffset(row);
        if (form == TileForm.BF16_IN_PLACE) {
            zipToMemoryOrder(tile, sums);
        }
        if (tile.startsOut(row, spanFrom)) {
            startOut(tile, tile.outOf(row, spanFrom), sums, out);
        } else {
            addToOut(tile, tile.outOf(row, spanFrom), sums, out);
        }
    }

    // Two methods, for the first is rare: the JIT does not inline in a rare branch, and would allocate its vectors.

    /** The first sums there are added to zero. */
    private static void startOut(AttentionTile tile, MemorySegment target, long sums, long out) {
        int dim = 0;
        for (; dim + Lanes.COUNT <= tile.valueDim(); dim += Lanes.COUNT) {
            store(load(tile.scratch(), sums + 4L * dim).add(Lanes.zero()), target, out + 4L * dim);
        }
        for (; dim < tile.valueDim(); dim++) {
            DataType.F32.write(target, out + 4L * dim, 0f + DataType.F32.read(tile.scratch(), sums + 4L * dim));
        }
    }

    private static void addToOut(AttentionTile tile, MemorySegment target, long sums, long out) {
        int dim = 0;
        for (; dim + Lanes.COUNT <= tile.valueDim(); dim += Lanes.COUNT) {
            store(load(target, out + 4L * dim).add(load(tile.scratch(), sums + 4L * dim)), target, out + 4L * dim);
        }
        for (; dim < tile.valueDim(); dim++) {
            float before = DataType.F32.read(target, out + 4L * dim);
            DataType.F32.write(target, out + 4L * dim, before + DataType.F32.read(tile.scratch(), sums + 4L * dim));
        }
    }

    /** The wide BF16 body keeps even and odd dimensions apart; this brings them together again. */
    private static void zipToMemoryOrder(AttentionTile tile, long sums) {
        for (int dim = 0; dim + WIDE <= tile.valueDim(); dim += WIDE) {
            for (long offset = sums + 4L * dim; offset < sums + 4L * (dim + WIDE); offset += 2 * BYTES) {
                FloatVector evens = load(tile.scratch(), offset);
                FloatVector odds = load(tile.scratch(), offset + BYTES);
                store(Lanes.zipLow(evens, odds), tile.scratch(), offset);
                store(Lanes.zipHigh(evens, odds), tile.scratch(), offset + BYTES);
            }
        }
    }
}
