package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.AllMemory.ALL;
import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.TileForm.GROUP;
import static io.github.pastkv.kernels.vector.VectorValues.sumByteOffset;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.Q8Codec;
import io.github.pastkv.kernels.AttentionTile.Range;
import io.github.pastkv.kernels.AttentionTile;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Values of four neighbouring spans at a time, a group of each, so that the processor waits for four places in memory at
 * once (see {@link ScoreBodies}): a span's sums are chains of their own, and each goes through its positions in order as
 * ever. The sums of span s and tile row r lie where {@link VectorValues} has those of row {@code s * numRows + r}.
 */
final class SpanBodies {
    /** Spans that go together. */
    static final int SPANS = 4;
    /** Dimensions that go together, four vectors. */
    static final int DIMS = 4 * COUNT;
    /** Whether a group of positions fills a vector, as many registers as the bodies need being there then. */
    private static final boolean HAS_REGISTERS = COUNT == GROUP;

    /** With more rows multiplying takes longer than reading, which four rows at a time do better. */
    private static final int MAX_ROWS = 8;

    private static final int SPAN = AttentionTile.SPAN_POSITIONS;

    private SpanBodies() {}

    /** Whether four spans from {@code from} on are taken so: few rows, all of which see all of them, as one range. */
    static boolean fit(AttentionTile tile, TileForm form, int from) {
        int lastRow = tile.numRows() - 1;
        return HAS_REGISTERS && AllMemory.IS_READABLE && lastRow < MAX_ROWS && form.inPlace()
                && tile.headDim() % DIMS == 0
                && tile.from(Range.WINDOW, lastRow) <= from
                && tile.to(Range.WINDOW, 0) >= from + SPANS * SPAN && haveAddresses(tile, from);
    }

    /** Whether all blocks of the four spans have addresses. */
    private static boolean haveAddresses(AttentionTile tile, int from) {
        for (int position = from; position < from + SPAN; position += GROUP) {
            if (!AllMemory.hasFour(tile, position, SPAN)) {
                return false;
            }
        }
        return true;
    }

    /** Adds all positions of the four spans to their sums, which have been cleared. */
    static void sum(AttentionTile tile, TileForm form, int from) {
        for (int position = from; position < from + SPAN; position += GROUP) {
            for (int row = 0; row < tile.numRows(); row++) {
                for (int dim = 0; dim < tile.headDim(); dim += DIMS) {
                    switch (form) {
                        case BF16_IN_PLACE -> oneRowBf16(tile, row, position, dim);
                        case Q8_IN_PLACE -> oneRowQ8(tile, row, position, dim);
                        default -> oneRowF32(tile, row, position, dim);
                    }
                }
            }
        }
    }

    /** Where the group of a position begins in the memory of its block. */
    static long groupByteOffset(AttentionTile tile, int position) {
        KvBlocks blocks = tile.blocks();
        KvLayout layout = blocks.layout();
        int block = position / layout.blockSize();
        return blocks.blockByteOffset(block)
                + layout.valueByteOffset(tile.layer(), tile.kvHead(), position % layout.blockSize(), 0);
    }

    private static void oneRowF32(AttentionTile tile, int row, int position, int dim) {
        long start0 = AllMemory.values(tile, position) + 4L * dim;
        long start1 = AllMemory.values(tile, position + SPAN) + 4L * dim;
        long start2 = AllMemory.values(tile, position + 2 * SPAN) + 4L * dim;
        long start3 = AllMemory.values(tile, position + 3 * SPAN) + 4L * dim;
        long weights = tile.scores().address() + tile.scoreByteOffset(row) + 4L * position;
        long sums = tile.scratch().address() + sumByteOffset(tile, row) + 4L * dim;
        long sumStride = 4L * tile.numRows() * tile.headDim();
        long stride = 4L * tile.headDim();
        FloatVector sum0a = fromMemorySegment(FLOATS, ALL, sums, LITTLE_ENDIAN);
        FloatVector sum0b = fromMemorySegment(FLOATS, ALL, sums + BYTES, LITTLE_ENDIAN);
        FloatVector sum0c = fromMemorySegment(FLOATS, ALL, sums + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum0d = fromMemorySegment(FLOATS, ALL, sums + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1a = fromMemorySegment(FLOATS, ALL, sums + sumStride, LITTLE_ENDIAN);
        FloatVector sum1b = fromMemorySegment(FLOATS, ALL, sums + sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum1c = fromMemorySegment(FLOATS, ALL, sums + sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1d = fromMemorySegment(FLOATS, ALL, sums + sumStride + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2a = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride, LITTLE_ENDIAN);
        FloatVector sum2b = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum2c = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2d = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3a = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride, LITTLE_ENDIAN);
        FloatVector sum3b = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum3c = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3d = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        for (int i = 0; i < GROUP; i++) {
            FloatVector weight0 = broadcast(INTS, ALL.get(INT, weights + 4L * i)).reinterpretAsFloats();
            FloatVector value0a = fromMemorySegment(FLOATS, ALL, start0 + i * stride, LITTLE_ENDIAN);
            FloatVector value0b = fromMemorySegment(FLOATS, ALL, start0 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value0c = fromMemorySegment(FLOATS, ALL, start0 + i * stride + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector value0d = fromMemorySegment(FLOATS, ALL, start0 + i * stride + 3 * BYTES, LITTLE_ENDIAN);
            sum0a = value0a.fma(weight0, sum0a);
            sum0b = value0b.fma(weight0, sum0b);
            sum0c = value0c.fma(weight0, sum0c);
            sum0d = value0d.fma(weight0, sum0d);
            FloatVector weight1 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + SPAN))).reinterpretAsFloats();
            FloatVector value1a = fromMemorySegment(FLOATS, ALL, start1 + i * stride, LITTLE_ENDIAN);
            FloatVector value1b = fromMemorySegment(FLOATS, ALL, start1 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value1c = fromMemorySegment(FLOATS, ALL, start1 + i * stride + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector value1d = fromMemorySegment(FLOATS, ALL, start1 + i * stride + 3 * BYTES, LITTLE_ENDIAN);
            sum1a = value1a.fma(weight1, sum1a);
            sum1b = value1b.fma(weight1, sum1b);
            sum1c = value1c.fma(weight1, sum1c);
            sum1d = value1d.fma(weight1, sum1d);
            FloatVector weight2 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + 2 * SPAN))).reinterpretAsFloats();
            FloatVector value2a = fromMemorySegment(FLOATS, ALL, start2 + i * stride, LITTLE_ENDIAN);
            FloatVector value2b = fromMemorySegment(FLOATS, ALL, start2 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value2c = fromMemorySegment(FLOATS, ALL, start2 + i * stride + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector value2d = fromMemorySegment(FLOATS, ALL, start2 + i * stride + 3 * BYTES, LITTLE_ENDIAN);
            sum2a = value2a.fma(weight2, sum2a);
            sum2b = value2b.fma(weight2, sum2b);
            sum2c = value2c.fma(weight2, sum2c);
            sum2d = value2d.fma(weight2, sum2d);
            FloatVector weight3 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + 3 * SPAN))).reinterpretAsFloats();
            FloatVector value3a = fromMemorySegment(FLOATS, ALL, start3 + i * stride, LITTLE_ENDIAN);
            FloatVector value3b = fromMemorySegment(FLOATS, ALL, start3 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value3c = fromMemorySegment(FLOATS, ALL, start3 + i * stride + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector value3d = fromMemorySegment(FLOATS, ALL, start3 + i * stride + 3 * BYTES, LITTLE_ENDIAN);
            sum3a = value3a.fma(weight3, sum3a);
            sum3b = value3b.fma(weight3, sum3b);
            sum3c = value3c.fma(weight3, sum3c);
            sum3d = value3d.fma(weight3, sum3d);
        }
        sum0a.intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
        sum0b.intoMemorySegment(ALL, sums + BYTES, LITTLE_ENDIAN);
        sum0c.intoMemorySegment(ALL, sums + 2 * BYTES, LITTLE_ENDIAN);
        sum0d.intoMemorySegment(ALL, sums + 3 * BYTES, LITTLE_ENDIAN);
        sum1a.intoMemorySegment(ALL, sums + sumStride, LITTLE_ENDIAN);
        sum1b.intoMemorySegment(ALL, sums + sumStride + BYTES, LITTLE_ENDIAN);
        sum1c.intoMemorySegment(ALL, sums + sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum1d.intoMemorySegment(ALL, sums + sumStride + 3 * BYTES, LITTLE_ENDIAN);
        sum2a.intoMemorySegment(ALL, sums + 2 * sumStride, LITTLE_ENDIAN);
        sum2b.intoMemorySegment(ALL, sums + 2 * sumStride + BYTES, LITTLE_ENDIAN);
        sum2c.intoMemorySegment(ALL, sums + 2 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum2d.intoMemorySegment(ALL, sums + 2 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        sum3a.intoMemorySegment(ALL, sums + 3 * sumStride, LITTLE_ENDIAN);
        sum3b.intoMemorySegment(ALL, sums + 3 * sumStride + BYTES, LITTLE_ENDIAN);
        sum3c.intoMemorySegment(ALL, sums + 3 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum3d.intoMemorySegment(ALL, sums + 3 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
    }

    private static void oneRowBf16(AttentionTile tile, int row, int position, int dim) {
        long start0 = AllMemory.values(tile, position) + 2L * dim;
        long start1 = AllMemory.values(tile, position + SPAN) + 2L * dim;
        long start2 = AllMemory.values(tile, position + 2 * SPAN) + 2L * dim;
        long start3 = AllMemory.values(tile, position + 3 * SPAN) + 2L * dim;
        long weights = tile.scores().address() + tile.scoreByteOffset(row) + 4L * position;
        long sums = tile.scratch().address() + sumByteOffset(tile, row) + 4L * dim;
        long sumStride = 4L * tile.numRows() * tile.headDim();
        long stride = 2L * tile.headDim();
        FloatVector sum0a = fromMemorySegment(FLOATS, ALL, sums, LITTLE_ENDIAN);
        FloatVector sum0b = fromMemorySegment(FLOATS, ALL, sums + BYTES, LITTLE_ENDIAN);
        FloatVector sum0c = fromMemorySegment(FLOATS, ALL, sums + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum0d = fromMemorySegment(FLOATS, ALL, sums + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1a = fromMemorySegment(FLOATS, ALL, sums + sumStride, LITTLE_ENDIAN);
        FloatVector sum1b = fromMemorySegment(FLOATS, ALL, sums + sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum1c = fromMemorySegment(FLOATS, ALL, sums + sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1d = fromMemorySegment(FLOATS, ALL, sums + sumStride + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2a = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride, LITTLE_ENDIAN);
        FloatVector sum2b = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum2c = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2d = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3a = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride, LITTLE_ENDIAN);
        FloatVector sum3b = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum3c = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3d = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        for (int i = 0; i < GROUP; i++) {
            FloatVector weight0 = broadcast(INTS, ALL.get(INT, weights + 4L * i)).reinterpretAsFloats();
            IntVector pairs0 = IntVector.fromMemorySegment(INTS, ALL, start0 + i * stride, LITTLE_ENDIAN);
            IntVector more0 = IntVector.fromMemorySegment(INTS, ALL, start0 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value0a = pairs0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value0b = pairs0.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector value0c = more0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value0d = more0.and(0xFFFF_0000).reinterpretAsFloats();
            sum0a = value0a.fma(weight0, sum0a);
            sum0b = value0b.fma(weight0, sum0b);
            sum0c = value0c.fma(weight0, sum0c);
            sum0d = value0d.fma(weight0, sum0d);
            FloatVector weight1 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + SPAN))).reinterpretAsFloats();
            IntVector pairs1 = IntVector.fromMemorySegment(INTS, ALL, start1 + i * stride, LITTLE_ENDIAN);
            IntVector more1 = IntVector.fromMemorySegment(INTS, ALL, start1 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value1a = pairs1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value1b = pairs1.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector value1c = more1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value1d = more1.and(0xFFFF_0000).reinterpretAsFloats();
            sum1a = value1a.fma(weight1, sum1a);
            sum1b = value1b.fma(weight1, sum1b);
            sum1c = value1c.fma(weight1, sum1c);
            sum1d = value1d.fma(weight1, sum1d);
            FloatVector weight2 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + 2 * SPAN))).reinterpretAsFloats();
            IntVector pairs2 = IntVector.fromMemorySegment(INTS, ALL, start2 + i * stride, LITTLE_ENDIAN);
            IntVector more2 = IntVector.fromMemorySegment(INTS, ALL, start2 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value2a = pairs2.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value2b = pairs2.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector value2c = more2.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value2d = more2.and(0xFFFF_0000).reinterpretAsFloats();
            sum2a = value2a.fma(weight2, sum2a);
            sum2b = value2b.fma(weight2, sum2b);
            sum2c = value2c.fma(weight2, sum2c);
            sum2d = value2d.fma(weight2, sum2d);
            FloatVector weight3 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + 3 * SPAN))).reinterpretAsFloats();
            IntVector pairs3 = IntVector.fromMemorySegment(INTS, ALL, start3 + i * stride, LITTLE_ENDIAN);
            IntVector more3 = IntVector.fromMemorySegment(INTS, ALL, start3 + i * stride + BYTES, LITTLE_ENDIAN);
            FloatVector value3a = pairs3.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value3b = pairs3.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector value3c = more3.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector value3d = more3.and(0xFFFF_0000).reinterpretAsFloats();
            sum3a = value3a.fma(weight3, sum3a);
            sum3b = value3b.fma(weight3, sum3b);
            sum3c = value3c.fma(weight3, sum3c);
            sum3d = value3d.fma(weight3, sum3d);
        }
        sum0a.intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
        sum0b.intoMemorySegment(ALL, sums + BYTES, LITTLE_ENDIAN);
        sum0c.intoMemorySegment(ALL, sums + 2 * BYTES, LITTLE_ENDIAN);
        sum0d.intoMemorySegment(ALL, sums + 3 * BYTES, LITTLE_ENDIAN);
        sum1a.intoMemorySegment(ALL, sums + sumStride, LITTLE_ENDIAN);
        sum1b.intoMemorySegment(ALL, sums + sumStride + BYTES, LITTLE_ENDIAN);
        sum1c.intoMemorySegment(ALL, sums + sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum1d.intoMemorySegment(ALL, sums + sumStride + 3 * BYTES, LITTLE_ENDIAN);
        sum2a.intoMemorySegment(ALL, sums + 2 * sumStride, LITTLE_ENDIAN);
        sum2b.intoMemorySegment(ALL, sums + 2 * sumStride + BYTES, LITTLE_ENDIAN);
        sum2c.intoMemorySegment(ALL, sums + 2 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum2d.intoMemorySegment(ALL, sums + 2 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        sum3a.intoMemorySegment(ALL, sums + 3 * sumStride, LITTLE_ENDIAN);
        sum3b.intoMemorySegment(ALL, sums + 3 * sumStride + BYTES, LITTLE_ENDIAN);
        sum3c.intoMemorySegment(ALL, sums + 3 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum3d.intoMemorySegment(ALL, sums + 3 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
    }

    private static void oneRowQ8(AttentionTile tile, int row, int position, int dim) {
        long start0 = AllMemory.values(tile, position);
        long start1 = AllMemory.values(tile, position + SPAN);
        long start2 = AllMemory.values(tile, position + 2 * SPAN);
        long start3 = AllMemory.values(tile, position + 3 * SPAN);
        long weights = tile.scores().address() + tile.scoreByteOffset(row) + 4L * position;
        long sums = tile.scratch().address() + sumByteOffset(tile, row) + 4L * dim;
        long sumStride = 4L * tile.numRows() * tile.headDim();
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.Q8.numScales(tile.headDim());
        long scalesAb =
                (long) GROUP * tile.headDim() + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
        long scalesCd = scalesAb + (long) Q8Codec.SCALE_BYTES * (2 * COUNT / Q8Codec.Q8_GROUP_SIZE);
        FloatVector sum0a = fromMemorySegment(FLOATS, ALL, sums, LITTLE_ENDIAN);
        FloatVector sum0b = fromMemorySegment(FLOATS, ALL, sums + BYTES, LITTLE_ENDIAN);
        FloatVector sum0c = fromMemorySegment(FLOATS, ALL, sums + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum0d = fromMemorySegment(FLOATS, ALL, sums + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1a = fromMemorySegment(FLOATS, ALL, sums + sumStride, LITTLE_ENDIAN);
        FloatVector sum1b = fromMemorySegment(FLOATS, ALL, sums + sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum1c = fromMemorySegment(FLOATS, ALL, sums + sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1d = fromMemorySegment(FLOATS, ALL, sums + sumStride + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2a = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride, LITTLE_ENDIAN);
        FloatVector sum2b = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum2c = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2d = fromMemorySegment(FLOATS, ALL, sums + 2 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3a = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride, LITTLE_ENDIAN);
        FloatVector sum3b = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + BYTES, LITTLE_ENDIAN);
        FloatVector sum3c = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3d = fromMemorySegment(FLOATS, ALL, sums + 3 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        for (int i = 0; i < GROUP; i++) {
            FloatVector weight0 = broadcast(INTS, ALL.get(INT, weights + 4L * i)).reinterpretAsFloats();
            FloatVector scale0Ab = Lanes.broadcastBf16(ALL, start0 + scalesAb + i * scaleStride);
            FloatVector scale0Cd = Lanes.broadcastBf16(ALL, start0 + scalesCd + i * scaleStride);
            long offset0 = start0 + (long) i * tile.headDim() + dim;
            FloatVector value0a = Lanes.loadBytes(ALL, offset0).mul(scale0Ab);
            FloatVector value0b = Lanes.loadBytes(ALL, offset0 + COUNT).mul(scale0Ab);
            FloatVector value0c = Lanes.loadBytes(ALL, offset0 + 2L * COUNT).mul(scale0Cd);
            FloatVector value0d = Lanes.loadBytes(ALL, offset0 + 3L * COUNT).mul(scale0Cd);
            sum0a = value0a.fma(weight0, sum0a);
            sum0b = value0b.fma(weight0, sum0b);
            sum0c = value0c.fma(weight0, sum0c);
            sum0d = value0d.fma(weight0, sum0d);
            FloatVector weight1 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + SPAN))).reinterpretAsFloats();
            FloatVector scale1Ab = Lanes.broadcastBf16(ALL, start1 + scalesAb + i * scaleStride);
            FloatVector scale1Cd = Lanes.broadcastBf16(ALL, start1 + scalesCd + i * scaleStride);
            long offset1 = start1 + (long) i * tile.headDim() + dim;
            FloatVector value1a = Lanes.loadBytes(ALL, offset1).mul(scale1Ab);
            FloatVector value1b = Lanes.loadBytes(ALL, offset1 + COUNT).mul(scale1Ab);
            FloatVector value1c = Lanes.loadBytes(ALL, offset1 + 2L * COUNT).mul(scale1Cd);
            FloatVector value1d = Lanes.loadBytes(ALL, offset1 + 3L * COUNT).mul(scale1Cd);
            sum1a = value1a.fma(weight1, sum1a);
            sum1b = value1b.fma(weight1, sum1b);
            sum1c = value1c.fma(weight1, sum1c);
            sum1d = value1d.fma(weight1, sum1d);
            FloatVector weight2 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + 2 * SPAN))).reinterpretAsFloats();
            FloatVector scale2Ab = Lanes.broadcastBf16(ALL, start2 + scalesAb + i * scaleStride);
            FloatVector scale2Cd = Lanes.broadcastBf16(ALL, start2 + scalesCd + i * scaleStride);
            long offset2 = start2 + (long) i * tile.headDim() + dim;
            FloatVector value2a = Lanes.loadBytes(ALL, offset2).mul(scale2Ab);
            FloatVector value2b = Lanes.loadBytes(ALL, offset2 + COUNT).mul(scale2Ab);
            FloatVector value2c = Lanes.loadBytes(ALL, offset2 + 2L * COUNT).mul(scale2Cd);
            FloatVector value2d = Lanes.loadBytes(ALL, offset2 + 3L * COUNT).mul(scale2Cd);
            sum2a = value2a.fma(weight2, sum2a);
            sum2b = value2b.fma(weight2, sum2b);
            sum2c = value2c.fma(weight2, sum2c);
            sum2d = value2d.fma(weight2, sum2d);
            FloatVector weight3 = broadcast(INTS, ALL.get(INT, weights + 4L * (i + 3 * SPAN))).reinterpretAsFloats();
            FloatVector scale3Ab = Lanes.broadcastBf16(ALL, start3 + scalesAb + i * scaleStride);
            FloatVector scale3Cd = Lanes.broadcastBf16(ALL, start3 + scalesCd + i * scaleStride);
            long offset3 = start3 + (long) i * tile.headDim() + dim;
            FloatVector value3a = Lanes.loadBytes(ALL, offset3).mul(scale3Ab);
            FloatVector value3b = Lanes.loadBytes(ALL, offset3 + COUNT).mul(scale3Ab);
            FloatVector value3c = Lanes.loadBytes(ALL, offset3 + 2L * COUNT).mul(scale3Cd);
            FloatVector value3d = Lanes.loadBytes(ALL, offset3 + 3L * COUNT).mul(scale3Cd);
            sum3a = value3a.fma(weight3, sum3a);
            sum3b = value3b.fma(weight3, sum3b);
            sum3c = value3c.fma(weight3, sum3c);
            sum3d = value3d.fma(weight3, sum3d);
        }
        sum0a.intoMemorySegment(ALL, sums, LITTLE_ENDIAN);
        sum0b.intoMemorySegment(ALL, sums + BYTES, LITTLE_ENDIAN);
        sum0c.intoMemorySegment(ALL, sums + 2 * BYTES, LITTLE_ENDIAN);
        sum0d.intoMemorySegment(ALL, sums + 3 * BYTES, LITTLE_ENDIAN);
        sum1a.intoMemorySegment(ALL, sums + sumStride, LITTLE_ENDIAN);
        sum1b.intoMemorySegment(ALL, sums + sumStride + BYTES, LITTLE_ENDIAN);
        sum1c.intoMemorySegment(ALL, sums + sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum1d.intoMemorySegment(ALL, sums + sumStride + 3 * BYTES, LITTLE_ENDIAN);
        sum2a.intoMemorySegment(ALL, sums + 2 * sumStride, LITTLE_ENDIAN);
        sum2b.intoMemorySegment(ALL, sums + 2 * sumStride + BYTES, LITTLE_ENDIAN);
        sum2c.intoMemorySegment(ALL, sums + 2 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum2d.intoMemorySegment(ALL, sums + 2 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
        sum3a.intoMemorySegment(ALL, sums + 3 * sumStride, LITTLE_ENDIAN);
        sum3b.intoMemorySegment(ALL, sums + 3 * sumStride + BYTES, LITTLE_ENDIAN);
        sum3c.intoMemorySegment(ALL, sums + 3 * sumStride + 2 * BYTES, LITTLE_ENDIAN);
        sum3d.intoMemorySegment(ALL, sums + 3 * sumStride + 3 * BYTES, LITTLE_ENDIAN);
    }
}
